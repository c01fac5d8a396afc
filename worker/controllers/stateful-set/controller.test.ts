import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ControllerRevision, Pod, StatefulSet, StatefulSetSpec } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { keyOf, SimulatedCluster } from "../testing/simulated-cluster.ts";

const key = "statefulsets.apps/default/db";

function statefulSet(spec: Partial<StatefulSetSpec> = {}): StatefulSet {
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "default" },
    spec: {
      replicas: 3,
      serviceName: "db-peers",
      selector: { matchLabels: { app: "db" } },
      template: { metadata: { labels: { app: "db" } }, spec: { containers: [{ name: "c", image: "db:1" }] } },
      ...spec,
    },
  };
}

async function running(spec: Partial<StatefulSetSpec> = {}): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  cluster.create(statefulSet(spec));
  await cluster.converge();
  return cluster;
}

const get = (cluster: SimulatedCluster): Stored<StatefulSet> => cluster.get<StatefulSet>(key)!;
const change = (cluster: SimulatedCluster, apply: (spec: StatefulSetSpec) => void): void =>
  cluster.change<StatefulSet>(key, ({ spec }) => apply(spec!));
const setImage = (cluster: SimulatedCluster, image: string): void => change(cluster, ({ template }) => void (template.spec!.containers[0]!.image = image));
const names = (cluster: SimulatedCluster): string[] => cluster.pods.map((pod) => pod.metadata.name).toSorted((a, b) => a.localeCompare(b));
const images = (cluster: SimulatedCluster): Record<string, string | undefined> =>
  Object.fromEntries(cluster.pods.map((pod) => [pod.metadata.name, pod.spec?.containers[0]?.image]));
const pod = (cluster: SimulatedCluster, ordinal: number): Stored<Pod> => cluster.get<Pod>(`pods/default/db-${ordinal}`)!;
/** Bound, then running. */
const start = (cluster: SimulatedCluster, ordinal: number): void => {
  cluster.runPod(pod(cluster, ordinal));
  cluster.runPod(pod(cluster, ordinal));
};

describe("a StatefulSet", () => {
  test("creates its pods one after the other, each when the one before is ready", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(statefulSet());
    await cluster.settle();
    expect(names(cluster)).toEqual(["db-0"]);
    start(cluster, 0);
    await cluster.settle();
    expect(names(cluster)).toEqual(["db-0", "db-1"]);
    await cluster.converge();
    expect(names(cluster)).toEqual(["db-0", "db-1", "db-2"]);
    const { currentRevision } = get(cluster).status!;
    expect(get(cluster).status).toMatchObject({
      replicas: 3, readyReplicas: 3, availableReplicas: 3, currentReplicas: 3, updatedReplicas: 3,
      observedGeneration: 1, updateRevision: currentRevision, collisionCount: 0,
    });
  });

  test("with Parallel, creates all of them at once", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(statefulSet({ podManagementPolicy: "Parallel" }));
    await cluster.settle();
    expect(names(cluster)).toEqual(["db-0", "db-1", "db-2"]);
  });

  test("gives each pod its hostname, subdomain and labels, though its governing Service does not exist", async () => {
    const cluster = await running();
    expect(pod(cluster, 1).spec).toMatchObject({ hostname: "db-1", subdomain: "db-peers" });
    expect(pod(cluster, 1).metadata.labels).toEqual({
      app: "db",
      "apps.kubernetes.io/pod-index": "1",
      "statefulset.kubernetes.io/pod-name": "db-1",
      "controller-revision-hash": get(cluster).status?.currentRevision,
    });
  });

  test("counts from its first ordinal", async () => {
    expect(names(await running({ ordinals: { start: 5 }, replicas: 2 }))).toEqual(["db-5", "db-6"]);
  });

  test("scaled down, ends the highest ordinal first, and waits for its end", async () => {
    const cluster = await running();
    change(cluster, (spec) => void (spec.replicas = 1));
    await cluster.settle();
    expect(cluster.pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name)).toEqual(["db-2"]);
    await cluster.converge();
    expect(names(cluster)).toEqual(["db-0"]);
  });

  test("does not go on scaling down while a pod that stays is not ready", async () => {
    const cluster = await running();
    cluster.setReady(pod(cluster, 0), false);
    change(cluster, (spec) => void (spec.replicas = 1));
    await cluster.settle();
    expect(names(cluster)).toEqual(["db-0", "db-1", "db-2"]);
    expect(cluster.pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toEqual([]);
  });

  test("updates from the highest ordinal down, one at a time", async () => {
    const cluster = await running();
    setImage(cluster, "db:2");
    await cluster.settle();
    expect(pod(cluster, 2).metadata.deletionTimestamp).toBeDefined();
    cluster.runPod(pod(cluster, 2));
    await cluster.settle();
    expect(images(cluster)).toEqual({ "db-0": "db:1", "db-1": "db:1", "db-2": "db:2" });
    expect(pod(cluster, 1).metadata.deletionTimestamp).toBeUndefined();
    expect(get(cluster).status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 });
    await cluster.converge();
    expect(images(cluster)).toEqual({ "db-0": "db:2", "db-1": "db:2", "db-2": "db:2" });
    const { updateRevision } = get(cluster).status!;
    expect(get(cluster).status).toMatchObject({ currentRevision: updateRevision, currentReplicas: 3, updatedReplicas: 3 });
  });

  test("updates only from its partition upwards, and brings the others back as they were", async () => {
    const cluster = await running({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } });
    setImage(cluster, "db:2");
    await cluster.converge();
    cluster.delete("pods/default/db-0");
    await cluster.converge();
    expect(images(cluster)).toEqual({ "db-0": "db:1", "db-1": "db:1", "db-2": "db:2" });
  });

  test("in an update, brings a pod back as it was if its turn has not come", async () => {
    const cluster = await running();
    setImage(cluster, "db:2");
    await cluster.settle();
    cluster.delete("pods/default/db-0", { gracePeriodSeconds: 0 });
    await cluster.settle();
    expect(images(cluster)["db-0"]).toBe("db:1");
    await cluster.converge();
    expect(Object.values(images(cluster))).toEqual(["db:2", "db:2", "db:2"]);
  });

  test("replaces as many at once as maxUnavailable says", async () => {
    const cluster = await running({ podManagementPolicy: "Parallel", updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 2 } } });
    setImage(cluster, "db:2");
    await cluster.settle();
    expect(cluster.pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name).toSorted((a, b) => a.localeCompare(b))).toEqual(["db-1", "db-2"]);
  });

  test("with OnDelete, updates a pod when somebody deletes it", async () => {
    const cluster = await running({ updateStrategy: { type: "OnDelete" } });
    setImage(cluster, "db:2");
    await cluster.converge();
    cluster.delete("pods/default/db-1");
    await cluster.converge();
    expect(images(cluster)).toEqual({ "db-0": "db:1", "db-1": "db:2", "db-2": "db:1" });
  });

  test("rolled back, takes the old ControllerRevision again under a new number", async () => {
    const cluster = await running();
    const first = get(cluster).status?.currentRevision;
    setImage(cluster, "db:2");
    await cluster.converge();
    setImage(cluster, "db:1");
    await cluster.converge();
    const revisions = cluster.all<ControllerRevision>("controllerrevisions.apps").map(({ metadata, revision }) => [metadata.name === first ? "first" : "other", revision]);
    expect(Object.fromEntries(revisions)).toEqual({ other: 2, first: 3 });
    expect(get(cluster).status?.currentRevision).toBe(first);
  });

  test("keeps as many old revisions as its history limit says", async () => {
    const cluster = await running({ revisionHistoryLimit: 1 });
    for (const image of ["db:2", "db:3", "db:4"]) {
      setImage(cluster, image);
      await cluster.converge();
    }
    expect(cluster.all<ControllerRevision>("controllerrevisions.apps").map(({ revision }) => revision)).toEqual([3, 4]);
  });

  test("replaces a failed pod under its own name", async () => {
    const cluster = await running();
    const failed = pod(cluster, 1);
    cluster.setPhase(failed, "Failed");
    await cluster.converge();
    expect(pod(cluster, 1).metadata.uid).not.toBe(failed.metadata.uid);
    expect(names(cluster)).toEqual(["db-0", "db-1", "db-2"]);
  });

  test("does not replace a pod that is terminating on a node that does not answer", async () => {
    const cluster = await running();
    cluster.delete("pods/default/db-1");
    const { uid } = pod(cluster, 1).metadata;
    cluster.advance(3600);
    await cluster.settle();
    expect(pod(cluster, 1).metadata.uid).toBe(uid);
  });

  test("adopts an orphan of its own name only", async () => {
    const cluster = new SimulatedCluster();
    for (const name of ["db-0", "stranger"]) {
      cluster.create({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default", labels: { app: "db" } }, spec: { containers: [{ name: "c", image: "db:1" }] } });
    }
    cluster.create(statefulSet({ replicas: 1 }));
    await cluster.converge();
    const owners = Object.fromEntries(cluster.pods.map(({ metadata }) => [metadata.name, metadata.ownerReferences?.[0]?.name]));
    expect(owners).toEqual({ "db-0": "db", stranger: undefined });
  });

  test("whatever happens, never has two pods of one identity, and converges", async () => {
    const step = fc.record({ do: fc.constantFrom("reconcile", "reconcile", "run", "run", "delete", "fail", "image", "scale"), pick: fc.nat(50) });
    const spec = fc.record({ podManagementPolicy: fc.constantFrom("OrderedReady", "Parallel"), replicas: fc.integer({ min: 0, max: 4 }) });
    await fc.assert(fc.asyncProperty(spec, fc.array(step, { maxLength: 60 }), async (given, steps) => {
      const cluster = await running(given);
      for (const { do: what, pick } of steps) {
        const chosen = cluster.pods[pick % Math.max(1, cluster.pods.length)];
        if (what === "reconcile") await cluster.reconcileNext(pick);
        else if (what === "image") setImage(cluster, `db:${pick % 3}`);
        else if (what === "scale") change(cluster, (next) => void (next.replicas = pick % 5));
        else if (chosen !== undefined && what === "run") cluster.runPod(chosen);
        else if (chosen !== undefined && what === "delete") cluster.delete(keyOf(chosen));
        else if (chosen?.spec?.nodeName !== undefined) cluster.setPhase(chosen, "Failed");
        const identities = cluster.pods.map(({ metadata }) => metadata.labels?.["statefulset.kubernetes.io/pod-name"]);
        expect(new Set(identities).size).toBe(identities.length);
      }
      await cluster.converge();
      const { replicas = 0, template } = get(cluster).spec!;
      expect(images(cluster)).toEqual(Object.fromEntries(Array.from({ length: replicas }, (_, at) => [`db-${at}`, template.spec?.containers[0]?.image])));
      const { revision } = cluster;
      await cluster.reconcile(key);
      expect(cluster.revision).toBe(revision);
    }), { numRuns: 50 });
  });
});
