/** Admission webhooks on custom resources: Kubernetes' webhook.go. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { call, prepare } from "../http/api.ts";
import { created, freshNamespace, got, patched, removed } from "./harness.ts";

beforeAll(prepare);

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const configurations = "/apis/admissionregistration.k8s.io/v1";
const made: string[] = [];
let count = 0;

afterEach(async () => {
  for (const path of made.splice(0)) await removed(path);
});

const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
const versionsAt = (storage: string, schema: object = anything) => ["v1", "v2"].map((name) => ({ name, served: true, storage: name === storage, schema: { openAPIV3Schema: schema } }));

/** A kind and a namespace of the test's own, and webhooks that are asked of this kind there. */
async function setUp(kind: "mutating" | "validating", paths: string[], { operations = ["CREATE", "UPDATE"], schema = anything }: { operations?: string[]; schema?: object } = {}) {
  const group = `admitted-${++count}.example.com`;
  const definition = `${definitions}/e2e-tests.${group}`;
  await created(definitions, { metadata: { name: `e2e-tests.${group}` }, spec: { group, scope: "Namespaced", names: { plural: "e2e-tests", kind: "E2eTest" }, versions: versionsAt("v1", schema) } });
  const space = (await freshNamespace("cr-hooks")).split("/").at(-1) ?? "";
  const webhooks = paths.map((path) => ({
    name: `${path.slice(1)}.example.com`,
    clientConfig: { url: `https://hooks.example.com${path}` },
    rules: [{ apiGroups: [group], apiVersions: ["v1", "v2"], resources: ["e2e-tests"], operations }],
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": space } },
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
  }));
  const name = `cr-${count}`;
  await created(`${configurations}/${kind}webhookconfigurations`, { metadata: { name }, webhooks });
  made.push(`${configurations}/${kind}webhookconfigurations/${name}`);
  return { definition, at: (version: string) => `/apis/${group}/${version}/namespaces/${space}/e2e-tests` };
}

describe("admission webhooks of custom resources", () => {
  it("Admission webhook, mutate custom resource", async () => {
    const { at } = await setUp("mutating", ["/first", "/second"]);
    const { data } = await created(at("v1"), { metadata: { name: "cr" }, data: { "mutation-start": "yes" } });
    expect(data).toEqual({ "mutation-start": "yes", first: "1", second: "1" });
    expect((await got(`${at("v1")}/cr`)).data).toEqual(data);
  });

  it("Admission webhook, mutate custom resource with pruning", async () => {
    const known = { type: "object", properties: { "mutation-start": { type: "string" }, first: { type: "string" } } };
    const { at } = await setUp("mutating", ["/first", "/second"], { schema: { type: "object", properties: { data: known } } });
    const { data } = await created(at("v1"), { metadata: { name: "cr" }, data: { "mutation-start": "yes" } });
    expect(data).toEqual({ "mutation-start": "yes", first: "1" });
    expect((await got(`${at("v1")}/cr`)).data).toEqual(data);
  });

  it("Admission webhook, mutate custom resource with different stored version", async () => {
    const { at, definition } = await setUp("mutating", ["/first"]);
    const { data } = await created(at("v1"), { metadata: { name: "cr" }, data: { "mutation-start": "yes" } });
    expect(data).toEqual({ "mutation-start": "yes", first: "1" });
    await patched(definition, { spec: { versions: versionsAt("v2") } });
    expect((await got(definition)).status).toMatchObject({ storedVersions: ["v1", "v2"] });
    const after = await patched(`${at("v1")}/cr`, [{ op: "add", path: "/dummy", value: "test" }], "application/json-patch+json");
    expect(after).toMatchObject({ data, dummy: "test" });
    expect(await got(`${at("v2")}/cr`)).toMatchObject({ apiVersion: expect.stringMatching(/\/v2$/), data, dummy: "test" });
  });

  it("Admission webhook, deny custom resource create and delete", async () => {
    const { at } = await setUp("validating", ["/custom-resource"], { operations: ["CREATE", "UPDATE", "DELETE"] });
    const denied = (what: string) => `admission webhook "custom-resource.example.com" denied the request: ${what}`;
    const unwanted = await call("POST", at("v1"), { body: { metadata: { name: "unwanted" }, data: { "webhook-e2e-test": "webhook-disallow" } } });
    expect([unwanted.status, unwanted.body.message]).toEqual([403, denied("the custom resource contains unwanted data")]);
    await created(at("v1"), { metadata: { name: "cr" }, data: { "webhook-e2e-test": "webhook-nondeletable" } });
    const one = `${at("v1")}/cr`;
    const update = await call("PATCH", one, { body: { data: { "webhook-e2e-test": "webhook-disallow" } }, type: "application/merge-patch+json" });
    expect([update.status, update.body.message]).toEqual([403, denied("the custom resource contains unwanted data")]);
    const deletion = await call("DELETE", one);
    expect([deletion.status, deletion.body.message]).toEqual([403, denied("the custom resource cannot be deleted because it contains unwanted key and value")]);
    await patched(one, { data: { "webhook-e2e-test": null } });
    await removed(one);
    expect((await call("GET", one)).status).toBe(404);
  });
});
