import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { textOf } from "../registry/text.ts";
import type { Bound } from "./bound-policies.ts";
import { paramsOf, type ParamStore } from "./params.ts";
import { reviewOf } from "./testing.ts";

const stored = (name: string): KubernetesObject => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "n", uid: name, creationTimestamp: "2026-01-01T00:00:00Z" }, data: { name } });

const item = (name: string) => ({ key: `configmaps/n/${name}`, text: textOf(stored(name)), revision: 1 });

/** Knows ConfigMaps `one` and `two` in the namespace `n`. */
const store = {
  getMany: (keys: string[]) =>
    Promise.resolve({ items: keys.map((key) => (/^configmaps\/n\/(one|two)$/.test(key) ? item(key.split("/").at(-1) ?? "") : undefined)), revision: 1 }),
  list: ({ namespace }: { namespace?: string }) => Promise.resolve({ items: namespace === "n" ? [item("one"), item("two")] : [], revision: 1 }),
} as unknown as ParamStore;

const review = reviewOf({ apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" } });
const clusterWide = reviewOf({ apiVersion: "v1", kind: "Node", metadata: { name: "x" } });
const bound = (paramKind: object | undefined, paramRef: object | undefined): Bound =>
  ({ policy: { metadata: { name: "p" }, spec: { paramKind } }, binding: { metadata: { name: "b" }, spec: { paramRef } } }) as unknown as Bound;
const configMap = { apiVersion: "v1", kind: "ConfigMap" };

async function found(one: Bound, of = review): Promise<unknown> {
  const params = await paramsOf(one, of, store);
  return "error" in params ? `${params.isOfPolicy ? "policy" : "binding"}: ${params.error}` : params.objects.map((object) => object?.metadata?.name);
}

describe("parameters", () => {
  it.each<[string, Bound, unknown]>([
    ["are none where the policy has none", bound(undefined, { name: "one" }), [undefined]],
    ["are none where the binding names none", bound(configMap, undefined), [undefined]],
    ["are of the request's namespace", bound(configMap, { name: "one", parameterNotFoundAction: "Deny" }), ["one"]],
    ["may be several", bound(configMap, { selector: {}, parameterNotFoundAction: "Deny" }), ["one", "two"]],
    ["that are absent may be allowed", bound(configMap, { name: "three", parameterNotFoundAction: "Allow" }), []],
    ["that are absent may be refused", bound(configMap, { name: "three", parameterNotFoundAction: "Deny" }), "binding: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"],
    ["must be of a kind that there is", bound({ apiVersion: "a/v1", kind: "B" }, { name: "one" }), "policy: failed to configure policy: failed to find resource referenced by paramKind: 'a/v1, Kind=B'"],
    ["of no namespace must not name one", bound({ apiVersion: "v1", kind: "Node" }, { name: "x", namespace: "n" }), "binding: failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`"],
  ])("%s", async (_, one, expected) => {
    expect(await found(one)).toEqual(expected);
  });

  it("of a request outside of namespaces must name theirs", async () => {
    expect(await found(bound(configMap, { name: "one", parameterNotFoundAction: "Deny" }), clusterWide)).toMatch(/cannot use namespaced paramRef in policy binding that matches cluster-scoped resources$/);
    expect(await found(bound(configMap, { name: "one", namespace: "n", parameterNotFoundAction: "Deny" }), clusterWide)).toEqual(["one"]);
  });
});
