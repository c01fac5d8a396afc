import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Deployment, Event, Pod, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { isActive, isReady } from "../pod-state.ts";
import { keyOf, SimulatedCluster } from "../testing/simulated-cluster.ts";

const key = "deployments.apps/default/web";

interface Options {
  replicas?: number;
  strategy?: Deployment["spec"] extends infer S ? (S extends { strategy?: infer T } ? T : never) : never;
  [field: string]: unknown;
}

async function deployed(options: Options = {}): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  cluster.create(deployment(options));
  await cluster.converge();
  return cluster;
}

function deployment({ replicas = 3, ...spec }: Options): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", annotations: { "kubernetes.io/change-cause": "first" } },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "app:1" }] } },
      ...spec,
    },
  };
}

const setImage = (cluster: SimulatedCluster, image: string): void =>
  cluster.change<Deployment>(key, ({ spec }) => void (spec!.template.spec!.containers[0]!.image = image));
const scaleTo = (cluster: SimulatedCluster, replicas: number): void =>
  cluster.change<Deployment>(key, ({ spec }) => void (spec!.replicas = replicas));
const get = (cluster: SimulatedCluster): Stored<Deployment> => cluster.get<Deployment>(key)!;
const sets = (cluster: SimulatedCluster): Stored<ReplicaSet>[] => cluster.all<ReplicaSet>("replicasets.apps");
const condition = (cluster: SimulatedCluster, type: string) => get(cluster).status?.conditions?.find((each) => each.type === type);
const messages = (cluster: SimulatedCluster): string[] => cluster.all<Event>("events").map((event) => event.message ?? "");
const images = (cluster: SimulatedCluster): (string | undefined)[] => cluster.pods.map((pod) => pod.spec?.containers[0]?.image);

describe("a Deployment", () => {
  test("creates one ReplicaSet, named by its template's hash, with the pods asked for", async () => {
    const cluster = await deployed();
    const [set] = sets(cluster);
    const hash = set?.metadata.labels?.["pod-template-hash"];
    expect(set?.metadata.name).toBe(`web-${hash}`);
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    expect(cluster.pods.map((pod) => pod.metadata.name.replace(/.{5}$/, ""))).toEqual(Array(3).fill(`web-${hash}-`));
    expect(get(cluster).status).toMatchObject({ replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 1 });
    expect(get(cluster).metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("1");
    expect(set?.metadata.annotations).toMatchObject({
      "deployment.kubernetes.io/revision": "1",
      "deployment.kubernetes.io/desired-replicas": "3",
      "deployment.kubernetes.io/max-replicas": "4",
      "kubernetes.io/change-cause": "first",
    });
    expect(messages(cluster)).toContain(`Scaled up replica set ${set?.metadata.name} from 0 to 3`);
    expect(condition(cluster, "Progressing")).toMatchObject({
      status: "True",
      reason: "NewReplicaSetAvailable",
      message: `ReplicaSet "${set?.metadata.name}" has successfully progressed.`,
    });
    expect(condition(cluster, "Available")).toMatchObject({ status: "True", reason: "MinimumReplicasAvailable" });
  });

  test("rolls out a new template and keeps the old ReplicaSet, empty, for a rollback", async () => {
    const cluster = await deployed();
    setImage(cluster, "app:2");
    await cluster.converge();
    expect(images(cluster)).toEqual(["app:2", "app:2", "app:2"]);
    expect(sets(cluster).map((set) => set.spec?.replicas).toSorted((a = 0, b = 0) => a - b)).toEqual([0, 3]);
    expect(get(cluster).metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("2");
  });

  test("rolled back, takes the old ReplicaSet again and remembers the revisions that it had", async () => {
    const cluster = await deployed();
    setImage(cluster, "app:2");
    await cluster.converge();
    setImage(cluster, "app:1");
    await cluster.converge();
    expect(sets(cluster)).toHaveLength(2);
    const [set] = sets(cluster).filter((each) => each.spec?.replicas === 3);
    expect(set?.metadata.annotations).toMatchObject({ "deployment.kubernetes.io/revision": "3", "deployment.kubernetes.io/revision-history": "1" });
    expect(images(cluster)).toEqual(["app:1", "app:1", "app:1"]);
  });

  test("with Recreate, starts nothing new before the last old pod is gone", async () => {
    const cluster = await deployed({ strategy: { type: "Recreate" } });
    setImage(cluster, "app:2");
    await cluster.settle();
    expect(cluster.pods.every((pod) => pod.metadata.deletionTimestamp !== undefined)).toBe(true);
    cluster.runPod(cluster.pods[0]!);
    await cluster.settle();
    expect(images(cluster)).toEqual(["app:1", "app:1"]);
    await cluster.converge();
    expect(images(cluster)).toEqual(["app:2", "app:2", "app:2"]);
  });

  test("scaled in the middle of a rollout, spreads the change in proportion", async () => {
    const cluster = await deployed({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
    setImage(cluster, "app:2");
    await cluster.settle();
    expect(sizes(cluster)).toEqual({ "app:1": 8, "app:2": 5 });
    scaleTo(cluster, 15);
    await cluster.settle();
    // The documentation's example: 8 and 5 become 11 and 7.
    expect(sizes(cluster)).toEqual({ "app:1": 11, "app:2": 7 });
    await cluster.converge();
    expect(sizes(cluster)).toEqual({ "app:1": 0, "app:2": 15 });
  });

  test("paused, rolls nothing out but follows its size; resumed, rolls out", async () => {
    const cluster = await deployed();
    cluster.change<Deployment>(key, ({ spec }) => void (spec!.paused = true));
    setImage(cluster, "app:2");
    scaleTo(cluster, 5);
    await cluster.converge();
    expect(images(cluster)).toEqual(Array(5).fill("app:1"));
    expect(condition(cluster, "Progressing")).toMatchObject({ status: "Unknown", reason: "DeploymentPaused", message: "Deployment is paused" });
    cluster.advance(3600);
    cluster.change<Deployment>(key, ({ spec }) => void (spec!.paused = false));
    await cluster.settle();
    expect(condition(cluster, "Progressing")?.reason).not.toBe("ProgressDeadlineExceeded");
    await cluster.converge();
    expect(images(cluster)).toEqual(Array(5).fill("app:2"));
    expect(condition(cluster, "Progressing")?.reason).toBe("NewReplicaSetAvailable");
  });

  test("that makes no progress in time says ProgressDeadlineExceeded, and recovers", async () => {
    const cluster = await deployed({ progressDeadlineSeconds: 60 });
    setImage(cluster, "app:broken");
    await cluster.settle();
    cluster.advance(62);
    await cluster.settle();
    const name = sets(cluster).find((set) => set.spec?.template?.spec?.containers[0]?.image === "app:broken")?.metadata.name;
    expect(condition(cluster, "Progressing")).toMatchObject({
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: `ReplicaSet "${name}" has timed out progressing.`,
    });
    setImage(cluster, "app:1");
    await cluster.converge();
    expect(condition(cluster, "Progressing")).toMatchObject({ status: "True", reason: "NewReplicaSetAvailable" });
  });

  test("without a deadline has no condition Progressing", async () => {
    const cluster = await deployed({ progressDeadlineSeconds: 2_147_483_647 });
    expect(condition(cluster, "Progressing")).toBeUndefined();
  });

  test("keeps as many old ReplicaSets as its history limit says", async () => {
    const cluster = await deployed({ revisionHistoryLimit: 1 });
    for (const image of ["app:2", "app:3", "app:4"]) {
      setImage(cluster, image);
      await cluster.converge();
    }
    expect(Object.keys(sizes(cluster))).toEqual(["app:3", "app:4"]);
  });

  test("waits minReadySeconds before a pod counts", async () => {
    const cluster = await deployed({ minReadySeconds: 30 });
    expect(get(cluster).status?.availableReplicas).toBe(0);
    cluster.advance(30);
    await cluster.settle();
    expect(get(cluster).status?.availableReplicas).toBe(3);
  });

  test("whose ReplicaSet's name is taken by another template counts a collision and takes another name", async () => {
    const probe = await deployed();
    const taken = sets(probe)[0]!;
    const cluster = new SimulatedCluster();
    const { name, namespace = "" } = taken.metadata;
    const foreign = { ...taken.spec!, replicas: 0, selector: { matchLabels: { other: "yes" } }, template: { ...taken.spec!.template, metadata: { labels: { other: "yes" } } } };
    cluster.create({ apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name, namespace }, spec: foreign });
    cluster.create(deployment({}));
    await cluster.converge();
    expect(get(cluster).status).toMatchObject({ collisionCount: 1, availableReplicas: 3 });
  });

  test("adopts a matching ReplicaSet of its template instead of creating one", async () => {
    const probe = await deployed();
    const { metadata, ...set } = sets(probe)[0]!;
    const cluster = new SimulatedCluster();
    cluster.create({ ...set, metadata: { name: "older", namespace: "default", labels: metadata.labels ?? {} } });
    await cluster.converge();
    cluster.create(deployment({}));
    await cluster.converge();
    expect(sets(cluster).map((each) => [each.metadata.name, each.metadata.ownerReferences?.[0]?.name])).toEqual([["older", "web"]]);
  });

  test("that is deleted takes everything with it", async () => {
    const cluster = await deployed();
    cluster.delete(key);
    await cluster.converge();
    expect([...sets(cluster), ...cluster.pods]).toEqual([]);
  });

  test("deleted in the foreground stays until its pods are gone", async () => {
    const cluster = await deployed();
    cluster.delete(key, { propagationPolicy: "Foreground" });
    await cluster.settle();
    expect(get(cluster).metadata.finalizers).toEqual(["foregroundDeletion"]);
    expect(cluster.pods.every((pod) => pod.metadata.deletionTimestamp !== undefined)).toBe(true);
    await cluster.converge();
    expect(cluster.get(key)).toBeUndefined();
    expect(sets(cluster)).toEqual([]);
  });

  test("deleted as an orphan-maker leaves its ReplicaSet, without an owner, and all pods", async () => {
    const cluster = await deployed();
    cluster.delete(key, { propagationPolicy: "Orphan" });
    await cluster.converge();
    expect(cluster.get(key)).toBeUndefined();
    expect(sets(cluster).map((set) => set.metadata.ownerReferences ?? [])).toEqual([[]]);
    expect(cluster.pods.filter(isActive)).toHaveLength(3);
  });
});

function sizes(cluster: SimulatedCluster): Record<string, number> {
  return Object.fromEntries(sets(cluster).map((set) => [set.spec?.template?.spec?.containers[0]?.image ?? "", set.spec?.replicas ?? 0]));
}

/** What may happen between two looks; numbers choose among pods and keys. */
type Step = { do: "reconcile" | "run" | "delete" | "unready" | "fail"; pick: number } | { do: "image"; image: string } | { do: "scale"; replicas: number };

const calm = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("reconcile" as const), pick: fc.nat(100) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("run" as const), pick: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("image" as const), image: fc.constantFrom("app:1", "app:2", "app:3") }) },
);
const rough = fc.oneof(
  { weight: 8, arbitrary: calm },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("delete" as const, "unready" as const, "fail" as const), pick: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("scale" as const), replicas: fc.nat(6) }) },
);
const limit = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("0%", "25%", "50%", "100%"));
const limits = fc.record({ maxSurge: limit, maxUnavailable: limit })
  .filter(({ maxSurge, maxUnavailable }) => Number.parseInt(String(maxSurge), 10) + Number.parseInt(String(maxUnavailable), 10) > 0);

async function take(cluster: SimulatedCluster, step: Step): Promise<void> {
  const pick = "pick" in step ? step.pick : 0;
  const pod: Stored<Pod> | undefined = cluster.pods[pick % Math.max(1, cluster.pods.length)];
  switch (step.do) {
    case "reconcile":
      await cluster.reconcileNext(step.pick);
      return;
    case "image":
      return setImage(cluster, step.image);
    case "scale":
      return scaleTo(cluster, step.replicas);
    case "run":
      return pod && cluster.runPod(pod);
    case "delete":
      return pod && cluster.delete(keyOf(pod));
    case "unready":
      return pod?.status?.phase === "Running" ? cluster.setReady(pod, false) : undefined;
    case "fail":
      return pod?.spec?.nodeName ? cluster.setPhase(pod, "Failed") : undefined;
  }
}

describe("properties of a rollout", () => {
  test("never more than replicas + maxSurge pods, never fewer than replicas − maxUnavailable available", async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 6 }), limits, fc.array(calm, { maxLength: 80 }), async (replicas, rollingUpdate, steps) => {
      const cluster = await deployed({ replicas, strategy: { type: "RollingUpdate", rollingUpdate } });
      const { surge, unavailable } = bounds(replicas, rollingUpdate);
      for (const step of steps) {
        await take(cluster, step);
        const active = cluster.pods.filter(isActive);
        expect(active.length).toBeLessThanOrEqual(replicas + surge);
        expect(active.filter(isReady).length).toBeGreaterThanOrEqual(replicas - unavailable);
      }
    }), { numRuns: 60 });
  });

  test("whatever happens, it converges to the template and size asked for, and then nothing more is done", async () => {
    await fc.assert(fc.asyncProperty(limits, fc.array(rough, { maxLength: 60 }), async (rollingUpdate, steps) => {
      const cluster = await deployed({ strategy: { type: "RollingUpdate", rollingUpdate } });
      for (const step of steps) await take(cluster, step);
      for (const pod of cluster.pods) if (pod.status?.phase === "Running") cluster.setReady(pod, true);
      await cluster.converge();
      const { replicas, template } = get(cluster).spec!;
      const active = cluster.pods.filter(isActive);
      expect(active.map((pod) => pod.spec?.containers[0]?.image)).toEqual(Array(replicas).fill(template.spec?.containers[0]?.image));
      expect(get(cluster).status?.availableReplicas ?? 0).toBe(replicas);
      const { revision } = cluster;
      for (const object of [get(cluster), ...sets(cluster)]) await cluster.reconcile(keyOf(object));
      expect(cluster.revision).toBe(revision);
    }), { numRuns: 60 });
  });
});

function bounds(replicas: number, { maxSurge, maxUnavailable }: { maxSurge: number | string; maxUnavailable: number | string }): { surge: number; unavailable: number } {
  const part = (value: number | string): number => (typeof value === "number" ? value : (Number.parseInt(value, 10) * replicas) / 100);
  const surge = Math.ceil(part(maxSurge));
  const unavailable = Math.floor(part(maxUnavailable));
  return { surge, unavailable: surge + unavailable === 0 ? 1 : unavailable };
}
