import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { Expressions } from "./expressions.ts";
import { applyMutation } from "./mutation.ts";
import { reviewOf } from "./testing.ts";

const pod = (spec: object) => ({ metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "a", image: "i" }], ...spec } });
const deployment = (spec: object = {}, metadata: object = {}): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "n", ...metadata },
  spec: { replicas: 1, selector: { matchLabels: { app: "a" } }, template: pod({}), ...spec },
});

type Sort = "ApplyConfiguration" | "JSONPatch";

/** The changed object; or what is wrong. */
async function made(sort: Sort, expression: string, object: KubernetesObject = deployment()): Promise<KubernetesObject | string> {
  const review = reviewOf(object);
  const mutation = { patchType: sort, ...(sort === "JSONPatch" ? { jsonPatch: { expression } } : { applyConfiguration: { expression } }) };
  try {
    const result = applyMutation(mutation, review.resource, object, await Expressions.of(review));
    return "error" in result ? result.error : result.object;
  } catch (error) {
    return `thrown: ${String(error)}`;
  }
}

const inPod = (expression: string) => `Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{${expression}}}}}`;
const at = "Object.spec.template.spec";

describe("an applied configuration", () => {
  it.each<[string, string, object]>([
    ["sets a field", "Object{spec: Object.spec{replicas: object.spec.replicas + 2}}", { spec: { replicas: 3 } }],
    ["adds to a map", "Object{metadata: Object.metadata{labels: {'b': 'c'}}}", { metadata: { labels: { a: "x", b: "c" } } }],
    ["adds an item by its key", inPod(`containers: [${at}.containers{name: 'b', image: 'j'}]`), { spec: { template: { spec: { containers: [{ name: "a", image: "i" }, { name: "b", image: "j" }] } } } }],
    ["changes an item by its key", inPod(`containers: [${at}.containers{name: 'a', env: [${at}.containers.env{name: 'E', value: 'v'}]}]`), { spec: { template: { spec: { containers: [{ name: "a", image: "i", env: [{ name: "E", value: "v" }] }] } } } }],
    ["leaves out what is optional and absent", "Object{spec: Object.spec{?paused: object.spec.?paused, ?minReadySeconds: optional.of(3)}}", { spec: { replicas: 1, minReadySeconds: 3 } }],
    ["changes nothing where it says nothing", "Object{}", { spec: { replicas: 1 } }],
    ["writes values as the server does", inPod(`containers: [${at}.containers{name: 'a', resources: ${at}.containers.resources{limits: {'cpu': '1000m'}}}]`), { spec: { template: { spec: { containers: [{ resources: { limits: { cpu: "1" } } }] } } } }],
  ])("%s", async (_, expression, expected) => {
    expect(await made("ApplyConfiguration", expression, deployment({}, { labels: { a: "x" } }))).toMatchObject(expected);
  });

  it.each([
    ["Object{spec: Object.specx{replicas: 1}}", 'type mismatch: unexpected type name "Object.specx", expected "Object.spec", which matches field name path from root Object type'],
    ["Object{spec: Object.spec{replicasx: 1}}", "error applying patch: failed to convert patch object to typed object: .spec.replicasx: field not declared in schema"],
    ["Object{spec: Object.spec{replicas: 'many'}}", "error applying patch: failed to convert patch object to typed object: .spec.replicas: expected numeric (int or float), got string"],
    ["Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'l': 'v'}}}}", "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector"],
    [inPod(`containers: [${at}.containers{name: 'a', command: ['x']}]`), "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.template.spec.containers[0].command"],
    ["Object.spec{replicas: 1}", "unsupported return type from ApplyConfiguration expression: Object.spec"],
    ["object.spec", "unsupported return type from ApplyConfiguration expression: map"],
    ["Object{spec: Object.spec{replicas: object.spec.missing}}", "expression 'Object{spec: Object.spec{replicas: object.spec.missing}}' resulted in error: no such key: missing"],
  ])("is refused: %s", async (expression, error) => {
    expect(await made("ApplyConfiguration", expression)).toBe(error);
  });
});

describe("a JSON patch", () => {
  const add = (path: string, value: string) => `[JSONPatch{op: 'add', path: '${path}', value: ${value}}]`;

  it.each<[string, string, object]>([
    ["adds", add("/spec/template/spec/containers/-", `${at}.containers{name: 'x', image: 'j', ports: [${at}.containers.ports{containerPort: 80}]}`), { spec: { template: { spec: { containers: [{ name: "a" }, { name: "x", ports: [{ containerPort: 80 }] }] } } } }],
    ["replaces what is owned whole, too", add("/spec/template/spec/nodeSelector", "{'a': 'b'}"), { spec: { template: { spec: { nodeSelector: { a: "b" } } } } }],
    ["escapes keys", "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('k8s.io/x'), value: 'y'}]", { metadata: { labels: { a: "x", "k8s.io/x": "y" } } }],
    ["moves", "[JSONPatch{op: 'move', from: '/metadata/labels/a', path: '/metadata/labels/b'}]", { metadata: { labels: { b: "x" } } }],
    ["applies where its test holds", "[JSONPatch{op: 'test', path: '/spec/replicas', value: 1}, JSONPatch{op: 'replace', path: '/spec/replicas', value: 3}]", { spec: { replicas: 3 } }],
    ["changes nothing where its test fails", "[JSONPatch{op: 'test', path: '/spec/replicas', value: 9}, JSONPatch{op: 'replace', path: '/spec/replicas', value: 3}]", { spec: { replicas: 1 } }],
    ["may have nothing to do", "has(object.spec.paused) ? [JSONPatch{op: 'remove', path: '/spec/paused'}] : []", { spec: { replicas: 1 } }],
    ["does not touch what only the server says", "[JSONPatch{op: 'replace', path: '/metadata/name', value: 'other'}]", { metadata: { name: "web" } }],
  ])("%s", async (_, expression, expected) => {
    expect(await made("JSONPatch", expression, deployment({}, { labels: { a: "x" } }))).toMatchObject(expected);
  });

  it.each([
    ["[JSONPatch{op: 'replace', path: '/spec/template/spec/containers/-', value: {'name': 'x'}}]", 'JSONPath: replace operation does not apply: doc is missing path: "/spec/template/spec/containers/-": missing value'],
    [add("/spec/template/spec/containers/0", `${at}.containers{ports: [${at}.containers.portsZ{}]}`), 'type mismatch: unexpected type name "Object.spec.template.spec.containers.portsZ", expected "Object.spec.template.spec.containers.ports", which matches field name path from root Object type'],
    ["['x']", "type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch, got element of string"],
    ["object", "type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch, got map"],
    [add("/spec/nothing", "1"), 'thrown: StatusError: Internal error occurred: strict decoding error: unknown field "spec.nothing"'],
    [add("/spec/replicas", "'many'"), "thrown: StatusError: Internal error occurred: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"],
  ])("is refused: %s", async (expression, error) => {
    expect(await made("JSONPatch", expression)).toBe(error);
  });
});
