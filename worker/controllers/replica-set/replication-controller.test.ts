import { describe, expect, test } from "vitest";
import type { Event, ReplicationController } from "../../../protocol/kubernetes/generated/types.ts";
import { keyOf, SimulatedCluster } from "../testing/simulated-cluster.ts";

const key = "replicationcontrollers/default/web";
const labels = { app: "web" };

async function running(replicas: number): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  const spec = { replicas, selector: labels, template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "app:1" }] } } };
  cluster.create({ apiVersion: "v1", kind: "ReplicationController", metadata: { name: "web", namespace: "default" }, spec });
  await cluster.converge();
  return cluster;
}

const get = (cluster: SimulatedCluster) => cluster.get<ReplicationController>(key)!;

describe("a ReplicationController", () => {
  test("keeps its pods, as their owner, and reports them in its own status", async () => {
    const cluster = await running(3);
    expect(cluster.pods.flatMap(({ metadata }) => metadata.ownerReferences ?? [])).toMatchObject(Array.from({ length: 3 }, () => ({ kind: "ReplicationController", apiVersion: "v1", name: "web" })));
    expect(get(cluster).status).toEqual({ replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 1 });
    expect(get(cluster).spec?.selector).toEqual(labels);
    expect(cluster.all<Event>("events").map(({ source }) => source?.component)).toContain("replication-controller");
  });

  test("is scaled, replaces what is deleted, and adopts what it selects", async () => {
    const cluster = await running(2);
    cluster.delete(keyOf(cluster.pods[0]!));
    cluster.change<ReplicationController>(key, ({ spec }) => void (spec!.replicas = 4));
    cluster.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "stray", namespace: "default", labels }, spec: { containers: [{ name: "c", image: "app:1" }] } });
    await cluster.converge();
    expect(cluster.pods).toHaveLength(4);
    expect(cluster.pods.every(({ metadata }) => metadata.ownerReferences?.[0]?.name === "web")).toBe(true);
    cluster.change<ReplicationController>(key, ({ spec }) => void (spec!.replicas = 0));
    await cluster.converge();
    expect(get(cluster).status).toMatchObject({ replicas: 0, observedGeneration: 3 });
  });

  test("has nothing more to do when it is done", async () => {
    const cluster = await running(2);
    const { revision } = cluster;
    await cluster.reconcile(key);
    expect(cluster.revision).toBe(revision);
  });
});
