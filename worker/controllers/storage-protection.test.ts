import { describe, expect, test } from "vitest";
import type { PersistentVolume, Pod } from "../../protocol/kubernetes/generated/types.ts";
import { SimulatedCluster } from "./testing/simulated-cluster.ts";

const claimKey = "persistentvolumeclaims/default/data";
const volumeKey = "persistentvolumes//disk";

function withClaim(): SimulatedCluster {
  const cluster = new SimulatedCluster();
  cluster.create({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data", namespace: "default" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } });
  return cluster;
}

const user = (nodeName?: string): Pod => ({
  apiVersion: "v1", kind: "Pod", metadata: { name: "user", namespace: "default" },
  spec: { ...(nodeName && { nodeName }), containers: [{ name: "c", image: "i" }], volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] },
});

describe("a claim that is deleted", () => {
  test("goes at once when no pod uses it", async () => {
    const cluster = withClaim();
    cluster.delete(claimKey);
    expect(cluster.get(claimKey)).toBeDefined();
    await cluster.settle();
    expect(cluster.get(claimKey)).toBeUndefined();
  });

  test("goes when a pod that names it waits for a node", async () => {
    const cluster = withClaim();
    cluster.create(user());
    cluster.delete(claimKey);
    await cluster.settle();
    expect(cluster.get(claimKey)).toBeUndefined();
  });

  test("stays until the pod that uses it has ended", async () => {
    const cluster = withClaim();
    cluster.create(user("node-1"));
    cluster.delete(claimKey);
    await cluster.settle();
    expect(cluster.get(claimKey)).toBeDefined();
    cluster.change<Pod>("pods/default/user", (pod) => void (pod.status = { ...pod.status, phase: "Succeeded" }), "status");
    await cluster.settle();
    expect(cluster.get(claimKey)).toBeUndefined();
  });

  test("stays until the pod that uses it is gone", async () => {
    const cluster = withClaim();
    cluster.create(user("node-1"));
    cluster.delete(claimKey);
    await cluster.settle();
    cluster.delete("pods/default/user", { gracePeriodSeconds: 0 });
    await cluster.settle();
    expect(cluster.get(claimKey)).toBeUndefined();
  });
});

test("a volume that is deleted stays while it is bound", async () => {
  const cluster = new SimulatedCluster();
  cluster.create({ apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "disk" }, spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/data" } } });
  cluster.change<PersistentVolume>(volumeKey, (volume) => void (volume.status = { phase: "Bound" }), "status");
  cluster.delete(volumeKey);
  await cluster.settle();
  expect(cluster.get(volumeKey)).toBeDefined();
  cluster.change<PersistentVolume>(volumeKey, (volume) => void (volume.status = { phase: "Released" }), "status");
  await cluster.settle();
  expect(cluster.get(volumeKey)).toBeUndefined();
});
