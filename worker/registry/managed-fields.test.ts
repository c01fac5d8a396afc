import { describe, expect, it } from "vitest";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { resourceFor } from "../resources/registry.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import { noSettings } from "../settings/settings.ts";
import { planner } from "./planner.ts";

const pods = resourceFor("", "v1", "pods") as Resource;

function context(userName: string, fieldManager?: string): RequestContext {
  return {
    now: Date.parse(fieldManager === undefined ? "2026-01-01T00:00:00Z" : "2026-01-02T00:00:00Z"),
    newUid: () => "uid",
    randomSuffix: () => "abcde",
    user: { name: userName, groups: ["system:masters"] },
    config: { serviceCidr: "10.0.0.0/16", clusterCidr: "10.1.0.0/16", clusterDomain: "cluster.local" },
    settings: noSettings,
    ...(fieldManager === undefined ? {} : { fieldManager }),
  };
}

const controller = context("system:controller:replica-set");
const node = context("system:node:a");
const user = context("kubernetes-admin", "kubectl");

function created(by: RequestContext, isControlled: boolean): Stored<KubernetesObject> {
  const ownerReferences = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", uid: "u", controller: true }];
  const object = { metadata: { name: "p", namespace: "default", ...(isControlled ? { ownerReferences } : {}) }, spec: { containers: [{ name: "c", image: "i:1" }] } };
  const planned = planner.create(pods, object, by).object;
  return { ...planned, metadata: { ...planned.metadata, resourceVersion: "1" } } as Stored<KubernetesObject>;
}

function updated(current: Stored<KubernetesObject>, by: RequestContext, change: (next: Stored<KubernetesObject>) => void, subresource?: string): Stored<KubernetesObject> {
  const next = structuredClone(current);
  change(next);
  const planned = planner.update({ resource: pods, current, next, context: by, ...(subresource === undefined ? {} : { subresource }) });
  return (planned?.object ?? current) as Stored<KubernetesObject>;
}

const label = (value: string) => (next: Stored<KubernetesObject>) => void (next.metadata.labels = { ...next.metadata.labels, a: value });
const report = (next: Stored<KubernetesObject>) => void (next["status"] = { ...(next["status"] as object), phase: "Running" });
const managers = ({ metadata }: KubernetesObject) => (metadata?.managedFields ?? []).map(({ manager, subresource = "" }) => `${manager} ${subresource}`.trim());

describe("a pod that a controller made", () => {
  it("has no managed fields, whatever kedge's own components write", () => {
    const pod = updated(updated(created(controller, true), controller, label("x")), node, report, "status");
    expect(managers(pod)).toEqual([]);
  });

  it("has those that its components would have, once somebody else writes it", () => {
    const pod = updated(updated(created(controller, true), node, report, "status"), user, label("x"));
    expect(managers(pod)).toEqual(["kube-controller-manager", "kubelet status", "kubectl"]);
    expect(pod.metadata.managedFields?.at(-1)?.fieldsV1).toEqual({ "f:metadata": { "f:labels": { ".": {}, "f:a": {} } } });
    expect(pod.metadata.managedFields?.[0]?.time).toBe(pod.metadata.creationTimestamp);
  });

  it("is tracked from then on, its components' writes included", () => {
    const pod = updated(updated(created(controller, true), user, label("x")), controller, label("y"));
    const byUser = pod.metadata.managedFields?.find(({ manager }) => manager === "kubectl");
    expect(byUser?.fieldsV1).toEqual({ "f:metadata": { "f:labels": {} } });
    expect(managers(updated(pod, node, report, "status"))).toContain("kubelet status");
  });
});

describe("a pod that a user made", () => {
  it("has managed fields at once, and components have theirs", () => {
    const pod = updated(created(user, false), node, report, "status");
    expect(managers(pod).sort()).toEqual(["kubectl", "kubelet status"]);
  });

  it("is not tracked any more when its entries were reset", () => {
    const pod = updated(created(user, false), user, (next) => void (next.metadata.managedFields = [{}]));
    expect(managers(pod)).toEqual([]);
    expect(managers(updated(pod, user, label("x")))).toEqual([]);
  });

  it("keeps its entries through a subresource, whatever comes with it", () => {
    const pod = updated(created(user, false), node, (next) => {
      report(next);
      next.metadata.managedFields = [{}];
    }, "status");
    expect(managers(pod).sort()).toEqual(["kubectl", "kubelet status"]);
  });
});
