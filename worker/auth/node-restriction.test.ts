import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { defineResource } from "../resources/define.ts";
import { restrictCreate } from "./node-restriction.ts";
import { nodeUser } from "./user.ts";

const node = nodeUser("n1", 1);

/** `leases.coordination.k8s.io` */
function created(key: string, object: KubernetesObject): () => void {
  const [plural = "", ...group] = key.split(".");
  const resource = defineResource({ group: group.join("."), version: "v1", kind: "Any", plural, schema: "" });
  return () => restrictCreate(node, resource, object);
}

describe("what a node makes is its own", () => {
  test.each<[key: string, own: KubernetesObject, others: KubernetesObject, why: string]>([
    ["leases.coordination.k8s.io", { metadata: { name: "n1" } }, { metadata: { name: "n2" } }, "can only create its own lease"],
    ["csinodes.storage.k8s.io", { metadata: { name: "n1" } }, { metadata: { name: "n2" } }, "can only access CSINode with the same name as the requesting node"],
    ["resourceslices.resource.k8s.io", { spec: { nodeName: "n1" } }, { spec: { nodeName: "n2" } }, "can only create ResourceSlice with the same NodeName as the requesting node"],
  ])("%s: %j and not %j", (key, own, others, why) => {
    expect(created(key, own)).not.toThrow();
    expect(created(key, others)).toThrow(`is forbidden: node "n1" ${why}`);
  });

  test("but for events, which are about others", () => {
    expect(created("events", { metadata: { name: "any" } })).not.toThrow();
  });
});
