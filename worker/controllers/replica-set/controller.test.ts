import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Event, Pod, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { isActive } from "../pod-state.ts";
import { keyOf, SimulatedCluster } from "../testing/simulated-cluster.ts";
import { timestampOf } from "../time.ts";
import { reconcileReplicaSet, type ReplicaSetSnapshot } from "./controller.ts";
import { byDeletionOrder } from "./deletion-order.ts";

const key = "replicasets.apps/default/web";

function replicaSet(replicas: number, name = "web"): ReplicaSet {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "app:1" }] } },
    },
  };
}

const bare = (name: string, labels: Record<string, string>): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default", labels },
  spec: { containers: [{ name: "c", image: "app:1" }] },
});

async function running(replicas: number): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  cluster.create(replicaSet(replicas));
  await cluster.converge();
  return cluster;
}

const get = (cluster: SimulatedCluster): Stored<ReplicaSet> => cluster.get<ReplicaSet>(key)!;
const ownersOf = (pod: Pod): string[] => (pod.metadata?.ownerReferences ?? []).map(({ name }) => name);

describe("a ReplicaSet", () => {
  test("creates all its pods in one list and reports what became of them", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(replicaSet(40));
    await cluster.reconcile(key);
    expect(cluster.pods).toHaveLength(40);
    await cluster.converge();
    expect(get(cluster).status).toMatchObject({ replicas: 40, fullyLabeledReplicas: 40, readyReplicas: 40, availableReplicas: 40, observedGeneration: 1 });
  });

  test("creates at most 500 in one list", () => {
    const { metadata, ...rest } = replicaSet(2000);
    const stored: Stored<ReplicaSet> = { ...rest, metadata: { ...metadata, name: "web", uid: "u", resourceVersion: "1", creationTimestamp: "2030-01-01T00:00:00Z" } };
    const snapshot: ReplicaSetSnapshot = { replicaSet: stored, pods: [], refusals: [], seed: 1, now: 0 };
    const creates = reconcileReplicaSet(snapshot).actions.flatMap((action) => (action.type === "create" ? [action.object.metadata?.name] : []));
    expect(creates).toHaveLength(500);
    expect(new Set(creates).size).toBeGreaterThan(498);
    expect(reconcileReplicaSet(snapshot)).toEqual(reconcileReplicaSet(snapshot));
  });

  test("records few events, however many pods it creates", async () => {
    const cluster = await running(40);
    const messages = cluster.all<Event>("events").map(({ message }) => message ?? "");
    expect(messages.filter((message) => message.startsWith("Created pod: web-"))).toHaveLength(5);
    expect(messages.filter((message) => message.startsWith("(combined from similar events): Created pod: web-"))).toHaveLength(1);
  });

  test("replaces a pod that was deleted, and one that failed", async () => {
    const cluster = await running(3);
    const [first, second] = cluster.pods;
    cluster.delete(keyOf(first!));
    cluster.setPhase(second!, "Failed");
    await cluster.converge();
    expect(cluster.pods.filter(isActive)).toHaveLength(3);
  });

  test("counts pods that are terminating, apart from the others", async () => {
    const cluster = await running(3);
    cluster.change<ReplicaSet>(key, ({ spec }) => void (spec!.replicas = 1));
    await cluster.settle();
    expect(get(cluster).status).toMatchObject({ replicas: 1, terminatingReplicas: 2 });
    await cluster.converge();
    expect(get(cluster).status).toMatchObject({ replicas: 1, terminatingReplicas: 0 });
  });

  test("adopts a pod that it selects and that nobody controls, in place of creating one", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(bare("stray", { app: "web" }));
    cluster.create(bare("other", { app: "db" }));
    cluster.create(replicaSet(2));
    await cluster.converge();
    expect(cluster.pods).toHaveLength(3);
    const owners = Object.fromEntries(cluster.pods.map((pod) => [pod.metadata.name, ownersOf(pod)]));
    expect(owners).toMatchObject({ other: [], stray: ["web"] });
  });

  test("deletes a pod that comes to be selected when it has enough", async () => {
    const cluster = await running(2);
    cluster.create(bare("stray", { app: "web" }));
    await cluster.converge();
    expect(cluster.pods).toHaveLength(2);
  });

  test("releases a pod whose labels were changed, and creates another", async () => {
    const cluster = await running(2);
    const [pod] = cluster.pods;
    cluster.change<Pod>(keyOf(pod!), ({ metadata }) => void (metadata!.labels = { app: "debug" }));
    await cluster.converge();
    expect(cluster.get<Pod>(keyOf(pod!))?.metadata.ownerReferences ?? []).toEqual([]);
    expect(cluster.pods).toHaveLength(3);
  });

  test("shares a selector with another without taking its pods", async () => {
    const cluster = await running(3);
    cluster.create(replicaSet(2, "twin"));
    await cluster.converge();
    expect(cluster.pods.flatMap(ownersOf).toSorted()).toEqual(["twin", "twin", "web", "web", "web"]);
  });

  test("says why its pods could not be created", async () => {
    const [object] = [(await running(1)).get<ReplicaSet>(key)!];
    const { actions } = reconcileReplicaSet({ replicaSet: object, pods: [], refusals: ["pods is forbidden"], seed: 1, now: 0 });
    const update = actions.find((action) => action.type === "update");
    expect(update?.object["status"]).toMatchObject({ conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "pods is forbidden" }] });
  });

  test("that is being deleted creates nothing", async () => {
    const cluster = await running(1);
    const object = get(cluster);
    object.metadata.deletionTimestamp = timestampOf(cluster.now);
    const { actions } = reconcileReplicaSet({ replicaSet: object, pods: [], refusals: [], seed: 1, now: cluster.now });
    expect(actions.filter(({ type }) => type === "create")).toEqual([]);
  });
});

describe("two instances that look at one ReplicaSet at once", () => {
  test("create no pod too many and delete none too many, whatever else happens between reading and writing", async () => {
    const step = fc.record({ do: fc.constantFrom("scale", "delete", "fail", "run", "look"), pick: fc.nat(50) });
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(step, step), { maxLength: 30 }), async (steps) => {
      const cluster = await running(3);
      const take = async ({ do: what, pick }: { do: string; pick: number }): Promise<void> => {
        const pod = cluster.pods[pick % Math.max(1, cluster.pods.length)];
        if (what === "look") await cluster.reconcile(key);
        else if (what === "scale") cluster.change<ReplicaSet>(key, ({ spec }) => void (spec!.replicas = pick % 8));
        else if (pod !== undefined && what === "run") cluster.runPod(pod);
        else if (pod !== undefined && what === "delete") cluster.delete(keyOf(pod));
        else if (pod?.spec?.nodeName !== undefined) cluster.setPhase(pod, "Failed");
      };
      for (const [before, between] of steps) {
        await take(before);
        const wanted = get(cluster).spec?.replicas ?? 0;
        const had = cluster.pods.filter(isActive).length;
        cluster.meanwhile = between.do === "scale" ? undefined : () => take(between);
        await cluster.reconcile(key);
        cluster.meanwhile = undefined;
        const has = cluster.pods.filter(isActive).length;
        expect(has).toBeLessThanOrEqual(Math.max(wanted, had));
        if (between.do === "look") expect(has).toBeGreaterThanOrEqual(Math.min(wanted, had));
      }
      await cluster.converge();
      expect(cluster.pods.filter(isActive)).toHaveLength(get(cluster).spec?.replicas ?? 0);
    }), { numRuns: 100 });
  });
});

describe("scaling down takes first", () => {
  const now = Date.UTC(2030, 0, 1);
  const ago = (seconds: number): string => timestampOf(now - seconds * 1000);

  interface Given {
    name: string;
    node?: string;
    phase?: string;
    readySeconds?: number;
    cost?: string;
    restarts?: number;
    ageSeconds?: number;
  }

  function pod({ name, node = name, phase = "Running", readySeconds, cost, restarts = 0, ageSeconds = 5000 }: Given): Stored<Pod> {
    return {
      metadata: {
        name,
        uid: name,
        resourceVersion: "1",
        creationTimestamp: ago(ageSeconds),
        ...(cost === undefined ? {} : { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } }),
      },
      spec: { containers: [], ...(node === "" ? {} : { nodeName: node }) },
      status: {
        phase,
        containerStatuses: [{ name: "c", image: "", imageID: "", ready: true, restartCount: restarts }],
        ...(readySeconds === undefined ? {} : { conditions: [{ type: "Ready", status: "True", lastTransitionTime: ago(readySeconds) }] }),
      },
    };
  }

  const rows: [string, Given, Given[]][] = [
    ["a pod that is not bound", { name: "a", node: "" }, [{ name: "b", readySeconds: 1 }]],
    ["a pending pod before a running one", { name: "a", phase: "Pending" }, [{ name: "b" }]],
    ["a pod that is not ready", { name: "a" }, [{ name: "b", readySeconds: 1 }]],
    ["the lower deletion cost", { name: "a", cost: "-1", readySeconds: 4000 }, [{ name: "b", readySeconds: 1 }]],
    ["none of a cost that is no number", { name: "b", cost: "-1", readySeconds: 1 }, [{ name: "a", cost: "-x", readySeconds: 1 }]],
    ["one of two on a node", { name: "b", node: "n", readySeconds: 1 }, [{ name: "a", node: "m", readySeconds: 1 }, { name: "c", node: "n", readySeconds: 4000 }]],
    ["one that became ready lately", { name: "b", readySeconds: 10 }, [{ name: "a", readySeconds: 4000 }]],
    ["one that restarted more often", { name: "b", readySeconds: 10, restarts: 3 }, [{ name: "a", readySeconds: 10, restarts: 1 }]],
    ["a much younger one", { name: "b", readySeconds: 10, ageSeconds: 20 }, [{ name: "a", readySeconds: 10, ageSeconds: 4000 }]],
  ];
  test.each(rows)("%s", (_, first, others) => {
    const pods = [...others.map(pod), pod(first)];
    expect(pods.toSorted(byDeletionOrder(pods, now))[0]?.metadata.name).toBe(first.name);
  });
});
