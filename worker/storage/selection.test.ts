import { describe, expect, it } from "vitest";
import { isSelected, namespaceOf, resourceOf, seenAs } from "./selection.ts";
import type { ObjectIndex, Selection } from "./store.ts";

const indexOf = (more: Partial<ObjectIndex> = {}): ObjectIndex =>
  ({ uid: "u", labels: { app: "web" }, fields: { "spec.nodeName": "n1" }, terms: ["node:n1"], generation: 1, isDeleting: false, isSettled: true, ...more });
const key = "deployments.apps/default/web";

describe("a key", () => {
  it.each([
    ["deployments.apps/default/web", "deployments.apps", "default"],
    ["nodes//host-1", "nodes", ""],
    ["rolebindings.rbac.authorization.k8s.io/kube-system/system:a", "rolebindings.rbac.authorization.k8s.io", "kube-system"],
  ])("%s is of resource %s in namespace %j", (each, resource, namespace) => {
    expect([resourceOf(each), namespaceOf(each)]).toEqual([resource, namespace]);
  });
});

describe("a selection", () => {
  const of = (more: Partial<Selection>): Selection => ({ resource: "deployments.apps", ...more });

  it.each([
    ["of its resource", of({}), true],
    ["of another resource that begins alike", { resource: "deployments" }, false],
    ["of every resource with its term", { resource: "*", term: "node:n1" }, true],
    ["of a term that it does not have", of({ term: "node:n2" }), false],
    ["of its namespace", of({ namespace: "default" }), true],
    ["of another namespace that begins alike", of({ namespace: "defaul" }), false],
    ["of its label", of({ labels: [{ key: "app", operator: "In", values: ["db", "web"] }] }), true],
    ["that excludes its label", of({ labels: [{ key: "app", operator: "NotIn", values: ["web"] }] }), false],
    ["that excludes values of a label which it does not have", of({ labels: [{ key: "tier", operator: "NotIn", values: ["web"] }] }), true],
    ["of a label named like what every object inherits", of({ labels: [{ key: "constructor", operator: "Exists" }] }), false],
    ["of its field", of({ fields: [{ field: "spec.nodeName", operator: "=", value: "n1" }] }), true],
    ["of an empty field that it does not have", of({ fields: [{ field: "status.phase", operator: "=", value: "" }] }), true],
    ["where one of several parts fails", of({ namespace: "default", term: "node:n1", fields: [{ field: "spec.nodeName", operator: "!=", value: "n1" }] }), false],
  ] satisfies [string, Selection, boolean][])("%s", (_says, selection, selected) => {
    expect(isSelected(selection, key, indexOf())).toBe(selected);
  });

  it.each([
    ["begins to match", undefined, indexOf(), "ADDED"],
    ["begins to match by a change", indexOf({ labels: {} }), indexOf(), "ADDED"],
    ["goes on matching", indexOf(), indexOf(), "MODIFIED"],
    ["stops matching", indexOf(), indexOf({ labels: {} }), "DELETED"],
    ["matched and is gone", indexOf(), undefined, "DELETED"],
    ["never matched", indexOf({ labels: {} }), indexOf({ labels: {} }), undefined],
    ["never matched and is gone", indexOf({ labels: {} }), undefined, undefined],
  ])("sees an object that %s", (_says, before, after, type) => {
    const change = { key, ...(before && { before }), ...(after && { after }) };
    expect(seenAs(of({ labels: [{ key: "app", operator: "Exists" }] }), change)).toBe(type);
  });
});
