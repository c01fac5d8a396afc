import { describe, expect, test } from "vitest";
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { reconcilePodGarbage } from "./pod-garbage.ts";
import { terminatedPodThreshold } from "./policy.ts";
import { SimulatedCluster } from "./testing/simulated-cluster.ts";

const pod = (name: string, nodeName: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: { nodeName, containers: [{ name: "c", image: "app:1" }] },
});

describe("pod garbage collection", () => {
  test("ends the pods of a deleted Node", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(pod("a", "node-1"));
    cluster.advance(60);
    cluster.delete("nodes//node-1");
    await cluster.settle();
    expect(cluster.pods).toHaveLength(1);
    cluster.advance(41);
    await cluster.settle();
    expect(cluster.pods).toEqual([]);
  });

  test("leaves the pods of a Node that is registered again meanwhile", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(pod("a", "node-1"));
    cluster.advance(60);
    cluster.delete("nodes//node-1");
    await cluster.settle();
    cluster.create({ apiVersion: "v1", kind: "Node", metadata: { name: "node-1" } });
    cluster.advance(41);
    await cluster.settle();
    expect(cluster.pods).toHaveLength(1);
  });

  test("leaves a young pod some time for its Node to appear", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(pod("a", "late"));
    cluster.create(pod("b", "never"));
    await cluster.settle();
    cluster.create({ apiVersion: "v1", kind: "Node", metadata: { name: "late" } });
    cluster.advance(41);
    await cluster.settle();
    expect(cluster.pods.map(({ metadata }) => metadata.name)).toEqual(["a"]);
  });

  test("declares a running pod failed before it goes", () => {
    const now = Date.UTC(2030, 0, 1);
    const homeless: Stored<Pod> = { ...pod("a", "gone"), metadata: { name: "a", namespace: "default", uid: "a", resourceVersion: "1", creationTimestamp: "2029-01-01T00:00:00Z" }, status: { phase: "Running" } };
    expect(reconcilePodGarbage({ homeless: [homeless], finished: [], isConfirmed: true, now }).actions).toMatchObject([
      { type: "update", subresource: "status", object: { status: { phase: "Failed", conditions: [{ type: "DisruptionTarget", reason: "DeletionByPodGC" }] } } },
      { type: "delete", options: { gracePeriodSeconds: 0 } },
    ]);
  });

  test("removes the oldest finished pods beyond the threshold", () => {
    const finished = Array.from({ length: terminatedPodThreshold + 2 }, (_, at): Stored<Pod> => ({
      metadata: { name: `p${at}`, uid: `p${at}`, resourceVersion: "1", creationTimestamp: new Date(at * 1000).toISOString() },
      status: { phase: "Succeeded" },
    }));
    const { actions } = reconcilePodGarbage({ homeless: [], finished: finished.toReversed(), isConfirmed: false, now: 0 });
    expect(actions.flatMap((action) => (action.type === "delete" ? [action.object.metadata.name] : []))).toEqual(["p0", "p1"]);
  });
});
