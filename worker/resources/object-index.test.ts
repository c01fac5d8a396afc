import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { indexOf } from "./object-index.ts";
import { resourceOf } from "./registry.ts";

function index(object: KubernetesObject) {
  const resource = resourceOf(object);
  if (resource === undefined) throw new Error("no such kind");
  return indexOf(resource, { ...object, metadata: { name: "x", namespace: "ns", uid: "u", generation: 2, ...object.metadata } });
}

const containers = [{ name: "a", image: "a:1" }];
const pod = (spec: object, status: object = {}, metadata: object = {}) => ({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers, ...spec }, status });
const apps = (kind: string, spec: object, status: object) => ({ apiVersion: "apps/v1", kind, spec, status });

describe("nobody has to act on", () => {
  const rows: [sentence: string, object: KubernetesObject, isSettled: boolean][] = [
    ["a bound pod, which is its node's", pod({ nodeName: "n" }, { phase: "Pending" }), true],
    ["a pod that ended unbound", pod({}, { phase: "Failed" }), true],
    ["a pod that waits for another scheduler", pod({ schedulerName: "mine" }, { phase: "Pending" }), true],
    ["no: a pod that waits for a node", pod({}, { phase: "Pending" }), false],
    ["no: a pod that is being deleted", pod({ nodeName: "n" }, {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }), false],
    ["a Deployment that is rolled out", apps("Deployment", { replicas: 2 }, { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }), true],
    ["a Deployment of none", apps("Deployment", { replicas: 0 }, { observedGeneration: 2 }), true],
    ["a paused Deployment that was seen", apps("Deployment", { replicas: 2, paused: true }, { observedGeneration: 2 }), true],
    ["no: a Deployment with an old pod left", apps("Deployment", { replicas: 2 }, { observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 2 }), false],
    ["no: a Deployment whose change was not seen", apps("Deployment", { replicas: 2 }, { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }), false],
    ["a ReplicaSet with all pods available", apps("ReplicaSet", { replicas: 1 }, { observedGeneration: 2, replicas: 1, availableReplicas: 1 }), true],
    ["no: a ReplicaSet that misses one", apps("ReplicaSet", { replicas: 2 }, { observedGeneration: 2, replicas: 1, availableReplicas: 1 }), false],
    ["a StatefulSet of one revision", apps("StatefulSet", { replicas: 2 }, { observedGeneration: 2, replicas: 2, availableReplicas: 2, currentRevision: "a", updateRevision: "a" }), true],
    ["a StatefulSet updated down to its partition", apps("StatefulSet", { replicas: 3, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } }, { observedGeneration: 2, replicas: 3, availableReplicas: 3, currentRevision: "a", updateRevision: "b", updatedReplicas: 1 }), true],
    ["no: a StatefulSet in the middle of an update", apps("StatefulSet", { replicas: 3 }, { observedGeneration: 2, replicas: 3, availableReplicas: 3, currentRevision: "a", updateRevision: "b", updatedReplicas: 1 }), false],
    ["a ready Node", { apiVersion: "v1", kind: "Node", status: { conditions: [{ type: "Ready", status: "True" }] } }, true],
    ["no: a Node that is silent", { apiVersion: "v1", kind: "Node", status: { conditions: [{ type: "Ready", status: "Unknown" }] } }, false],
    ["a ConfigMap", { apiVersion: "v1", kind: "ConfigMap" }, true],
  ];
  it.each(rows)("%s", (_, object, isSettled) => {
    expect(index(object).isSettled).toBe(isSettled);
  });
});

describe("the terms", () => {
  it.each([
    ["of a pod that waits", pod({}), ["orphan:ns", "unbound"]],
    ["of a bound pod", pod({ nodeName: "n" }), ["orphan:ns", "node:n"]],
    ["of a pod that ended on a node", pod({ nodeName: "n" }, { phase: "Succeeded" }), ["orphan:ns", "terminated", "node:n"]],
    ["of a Node that sends pods away", { apiVersion: "v1", kind: "Node", spec: { taints: [{ key: "k", effect: "NoExecute" }] } }, ["no-execute"]],
    ["of a Node that takes no new pods", { apiVersion: "v1", kind: "Node", spec: { taints: [{ key: "k", effect: "NoSchedule" }] } }, []],
    ["of an owned pod", pod({ nodeName: "n" }, {}, { ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid: "o", controller: true }] }), ["owner:o", "node:n"]],
    [
      "of a pod with references, each once",
      pod({
        nodeName: "n",
        volumes: [{ name: "a", configMap: { name: "c" } }, { name: "b", secret: { secretName: "s" } }, { name: "p", projected: { sources: [{ secret: { name: "q" } }] } }],
        imagePullSecrets: [{ name: "r" }],
        initContainers: [{ name: "i", envFrom: [{ secretRef: { name: "s" } }] }],
        containers: [{ name: "a", env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } }] }],
      }),
      ["orphan:ns", "node:n", "ref:secrets/ns/s", "ref:configmaps/ns/c", "ref:secrets/ns/q", "ref:secrets/ns/r"],
    ],
  ])("%s", (_, object, terms) => {
    expect(index(object).terms).toEqual(terms);
  });
});

describe("the selector", () => {
  it.each([
    ["of a Service is its labels", { apiVersion: "v1", kind: "Service", spec: { selector: { app: "web" } } }, { matchLabels: { app: "web" } }],
    ["of a Service without one is none", { apiVersion: "v1", kind: "Service", spec: {} }, undefined],
    ["of a workload is its own", apps("ReplicaSet", { selector: { matchExpressions: [{ key: "a", operator: "Exists" }] } }, {}), { matchExpressions: [{ key: "a", operator: "Exists" }] }],
  ])("%s", (_, object, selector) => {
    expect(index(object).selector).toEqual(selector);
  });
});

it("names the controller by its key", () => {
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid: "o", controller: true };
  expect(index(pod({}, {}, { ownerReferences: [owner] })).controller).toEqual({ key: "replicasets.apps/ns/rs", uid: "o" });
});
