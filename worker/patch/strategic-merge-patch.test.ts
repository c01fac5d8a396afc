import { describe, expect, it } from "vitest";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

const pod = "io.k8s.api.core.v1.Pod";
const deployment = "io.k8s.api.apps.v1.Deployment";

const containers = (...list: unknown[]) => ({ spec: { containers: list } });
const a = { name: "a", image: "a:1", env: [{ name: "X", value: "1" }] };
const b = { name: "b", image: "b:1" };
const c = { name: "c", image: "c:1" };

describe("a strategic merge patch of a pod", () => {
  const rows: [sentence: string, document: Record<string, unknown>, patch: unknown, result: unknown][] = [
    ["merges containers by their name", containers(a, b), containers({ name: "b", image: "b:2" }), containers(a, { name: "b", image: "b:2" })],
    ["puts a container with a new name before those that it does not name", containers(a), containers(b), containers(b, a)],
    ["deletes a container", containers(a, b), containers({ name: "a", $patch: "delete" }), containers(b)],
    ["does nothing when it deletes what is not there", containers(a), containers({ name: "b", $patch: "delete" }), containers(a)],
    ["replaces a list that says so", containers(a, b), containers(c, { $patch: "replace" }), containers(c)],
    ["replaces an object that says so", { metadata: { labels: { a: "1" } } }, { metadata: { labels: { $patch: "replace", b: "2" } } }, { metadata: { labels: { b: "2" } } }],
    ["empties an object that it deletes", { metadata: { labels: { a: "1" } } }, { metadata: { labels: { $patch: "delete" } } }, { metadata: { labels: {} } }],
    ["merges lists inside merged items", containers(a), containers({ name: "a", env: [{ name: "Y", value: "2" }] }), containers({ ...a, env: [{ name: "Y", value: "2" }, { name: "X", value: "1" }] })],
    ["deletes a field with a null", containers(a), containers({ name: "a", env: null }), containers({ name: "a", image: "a:1" })],
    ["replaces lists that merge by nothing", containers({ ...a, args: ["1", "2"] }), containers({ name: "a", args: ["3"] }), containers({ ...a, args: ["3"] })],
    ["merges finalizers, a list of scalars", { metadata: { finalizers: ["x"] } }, { metadata: { finalizers: ["y", "x"] } }, { metadata: { finalizers: ["y", "x"] } }],
    ["deletes from a list of scalars", { metadata: { finalizers: ["x", "y"] } }, { metadata: { "$deleteFromPrimitiveList/finalizers": ["x"] } }, { metadata: { finalizers: ["y"] } }],
    ["orders items as it says", containers(a, b, c), { spec: { "$setElementOrder/containers": [{ name: "c" }, { name: "a" }, { name: "b" }] } }, containers(c, a, b)],
    ["keeps the place of items that it does not name", containers(a, b, c), { spec: { "$setElementOrder/containers": [{ name: "c" }, { name: "a" }] } }, containers(b, c, a)],
    ["adds and orders at once", containers(a), { spec: { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }], containers: [b] } }, containers(b, a)],
    ["leaves directives out of what it adds", {}, { spec: { "$setElementOrder/containers": [{ name: "a" }], containers: [{ ...b, $patch: "delete" }, a] } }, containers(a)],
    ["drops nulls of what it adds", {}, { metadata: { labels: { a: "1", b: null } } }, { metadata: { labels: { a: "1" } } }],
    ["replaces fields that no schema knows", { extra: [1] }, { extra: [2] }, { extra: [2] }],
    ["orders a list that it also changes", containers(a, b), { spec: { "$setElementOrder/containers": [{ name: "b" }, { name: "c" }, { name: "a" }], containers: [{ name: "b", image: "b:2" }, c] } }, containers({ name: "b", image: "b:2" }, c, a)],
    ["puts what it adds where it deletes", containers(a, b), { spec: { "$setElementOrder/containers": [{ name: "c" }], containers: [c, { name: "a", $patch: "delete" }] } }, containers(b, c)],
    ["orders what another added, too", containers(a, c, b), { spec: { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] } }, containers(c, b, a)],
    ["orders a list of scalars that it deletes from", { metadata: { finalizers: ["x", "y", "z"] } }, { metadata: { "$deleteFromPrimitiveList/finalizers": ["y"], "$setElementOrder/finalizers": ["z", "x"] } }, { metadata: { finalizers: ["z", "x"] } }],
    ["does not order a list that is not there", {}, { spec: { "$setElementOrder/containers": [{ name: "a" }] } }, { spec: {} }],
    ["empties a list with a replace and nothing else", containers(a, b), containers({ $patch: "replace" }), containers()],
    ["deletes a map inside an item", containers({ ...a, resources: { limits: { cpu: "1" } } }), containers({ name: "a", resources: { $patch: "delete" } }), containers({ ...a, resources: {} })],
    ["merges an object that says so", { metadata: { labels: { a: "1" } } }, { metadata: { labels: { $patch: "merge", b: "2" } } }, { metadata: { labels: { a: "1", b: "2" } } }],
    ["leaves out a replaced object where there was none", {}, { metadata: { labels: { $patch: "replace", b: "2" } } }, { metadata: {} }],
    ["replaces a scalar by an object", { metadata: { labels: "x" } }, { metadata: { labels: { b: "2" } } }, { metadata: { labels: { b: "2" } } }],
    ["merges env by name in every container that it names", containers(a, { ...b, env: [{ name: "Y", value: "1" }] }), containers({ name: "b", env: [{ name: "Y", $patch: "delete" }] }), containers(a, { ...b, env: [] })],
    ["keeps only the keys to retain", { spec: { volumes: [{ name: "v", emptyDir: {} }] } }, { spec: { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] } }, { spec: { volumes: [{ name: "v", hostPath: { path: "/x" } }] } }],
  ];
  it.each(rows)("%s", (_, document, patch, value) => {
    const before = structuredClone(document);
    expect(strategicMergePatch(pod, document, patch)).toEqual({ ok: true, value });
    expect(document).toEqual(before);
  });
});

it("switches a Deployment's strategy as kubectl apply does", () => {
  const document = { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } };
  const patch = { spec: { strategy: { $retainKeys: ["type"], rollingUpdate: null, type: "Recreate" } } };
  expect(strategicMergePatch(deployment, document, patch)).toEqual({ ok: true, value: { spec: { strategy: { type: "Recreate" } } } });
});

describe("a strategic merge patch that cannot be applied", () => {
  it.each([
    ["has an item without its merge key", containers({ image: "x" }), 422, "does not contain declared merge key: name"],
    ["has an unknown directive", { spec: { $patch: "upsert" } }, 400, "unknown patch type: upsert in map"],
    ["retains fewer keys than it sets", { spec: { $retainKeys: [], nodeName: "n" } }, 400, "retainKeys"],
    ["is no object", [], 400, "must be an object"],
    ["asks for an order that its own list does not keep", { spec: { "$setElementOrder/containers": [{ name: "a" }, { name: "b" }], containers: [b, a] } }, 422, "doesn't match $setElementOrder list"],
    ["asks for an order with what is no list", { spec: { "$setElementOrder/containers": "a" } }, 400, "setElementOrder"],
    ["deletes with what is no list", { spec: { "$deleteFromPrimitiveList/containers": "a" } }, 400, "primitive list"],
    ["deletes from a list of objects as if they were scalars", { spec: { "$deleteFromPrimitiveList/containers": ["a"] } }, 422, "without merge key"],
    ["deletes an item that it does not name", containers({ image: "x", $patch: "delete" }), 422, "does not contain declared merge key: name"],
    ["merges an item in words", containers({ name: "a", $patch: "merge" }), 422, "merging lists cannot yet be specified"],
    ["has a list in a list that merges", containers([a]), 422, "lists of lists are not supported"],
    ["mixes objects and scalars in a list that merges", containers("a"), 422, "list element types are not identical"],
    ["retains what is no list of keys", { spec: { $retainKeys: "nodeName" } }, 400, "retainKeys"],
  ])("%s", (_, patch, code, message) => {
    expect(strategicMergePatch(pod, containers(a), patch)).toMatchObject({ ok: false, code, message: expect.stringContaining(message) as string });
  });
});
