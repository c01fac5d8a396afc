import { describe, expect, test } from "vitest";
import type { ConfigMap, Event } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action } from "../../controllers/controller.ts";
import type { Reconciler } from "../../controllers/registry.ts";
import { SimulatedCluster } from "../../controllers/testing/simulated-cluster.ts";
import { planner } from "../../registry/planner.ts";
import { reconcileKey, type Outcome } from "./reconcile-key.ts";

const key = "configmaps/default/a";
const configMap = (name: string, more: Partial<ConfigMap> = {}): ConfigMap => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, ...more });

/** One that reads `a` and plans what the test says. */
const planning = (plan: (object: Stored<ConfigMap>) => Action[]): Reconciler => ({
  name: "configmaps",
  reconcile: async (reader) => ({ actions: plan((await reader.get<ConfigMap>(key))!) }),
});

async function look(cluster: SimulatedCluster, plan: (object: Stored<ConfigMap>) => Action[]): Promise<Outcome> {
  return await lookBy(planning(plan), cluster);
}

async function lookBy(reconciler: Reconciler, cluster: SimulatedCluster): Promise<Outcome> {
  const outcome = await reconcileKey(reconciler, key, [], {
    store: cluster,
    planner,
    context: () => Promise.resolve(cluster.context()),
    seed: () => 1,
    verified: () => Promise.resolve(cluster.context().settings),
    credentials: { sign: () => Promise.resolve(undefined), accountToken: () => Promise.resolve(""), rootCertificate: () => Promise.resolve("") },
  });
  await outcome.record();
  return outcome;
}

function withConfigMap(): SimulatedCluster {
  const cluster = new SimulatedCluster();
  cluster.create(configMap("a"));
  return cluster;
}

const told = (about: Stored<ConfigMap>, message: string): Action => ({ type: "event", about, event: { reason: "Told", message, type: "Normal", component: "test" } });
const events = (cluster: SimulatedCluster): Stored<Event>[] => cluster.all<Event>("events");

describe("a look", () => {
  test("writes several changes of one object as one operation", async () => {
    const cluster = withConfigMap();
    const { operations } = cluster;
    const outcome = await look(cluster, (object) => [
      { type: "update", object: { ...object, data: { one: "1" } } },
      { type: "update", object: { ...object, data: { one: "1", two: "2" } } },
    ]);
    expect(outcome).toMatchObject({ isStale: false, refusals: [] });
    expect(cluster.operations - operations).toBe(1);
    expect(cluster.get<ConfigMap>(key)?.data).toEqual({ one: "1", two: "2" });
  });

  test("deletes an object that it also changed", async () => {
    const cluster = withConfigMap();
    await look(cluster, (object) => [{ type: "update", object: { ...object, data: { one: "1" } } }, { type: "delete", object }]);
    expect(cluster.get(key)).toBeUndefined();
  });

  test("is stale when its object was changed meanwhile, and then tells nothing", async () => {
    const cluster = withConfigMap();
    cluster.meanwhile = async () => cluster.change<ConfigMap>(key, (object) => void (object.data = { by: "another" }));
    const outcome = await look(cluster, (object) => [{ type: "update", object: { ...object, data: { by: "me" } } }, told(object, "changed")]);
    expect(outcome).toMatchObject({ isStale: true, refusals: [] });
    expect(cluster.get<ConfigMap>(key)?.data).toEqual({ by: "another" });
    expect(events(cluster)).toEqual([]);
  });

  test("is stale when its object was changed between two readings of it", async () => {
    const cluster = withConfigMap();
    const readingTwice: Reconciler = {
      name: "configmaps",
      async reconcile(reader) {
        const first = (await reader.get<ConfigMap>(key))!;
        cluster.change<ConfigMap>(key, (object) => void (object.data = { by: "another" }));
        await reader.list<ConfigMap>({ resource: "configmaps", namespace: "default" });
        return { actions: [{ type: "update", object: { ...first, immutable: false } }] };
      },
    };
    expect(await lookBy(readingTwice, cluster)).toMatchObject({ isStale: true, refusals: [] });
    expect(cluster.get<ConfigMap>(key)?.data).toEqual({ by: "another" });
  });

  test("does not mind that what it deletes is gone", async () => {
    const cluster = withConfigMap();
    cluster.meanwhile = async () => cluster.delete(key);
    expect(await look(cluster, (object) => [{ type: "delete", object }])).toMatchObject({ isStale: false, refusals: [] });
  });

  test("says why an object was refused, and does the rest", async () => {
    const cluster = withConfigMap();
    const outcome = await look(cluster, () => [
      { type: "create", object: { ...configMap("b"), metadata: { name: "b", namespace: "absent" } } },
      { type: "create", object: { ...configMap("Not A Name") } },
      { type: "create", object: configMap("c") },
    ]);
    expect(outcome.isStale).toBe(false);
    expect(outcome.refusals).toHaveLength(2);
    expect(outcome.refusals[0]).toContain("Not A Name");
    expect(outcome.refusals[1]).toBe('namespaces "absent" not found');
    expect(cluster.get("configmaps/default/c")).toBeDefined();
  });

  test("counts an event that happens again, instead of writing another", async () => {
    const cluster = withConfigMap();
    for (const seconds of [0, 5, 7]) {
      cluster.advance(seconds);
      await look(cluster, (object) => [told(object, "once more")]);
    }
    await look(cluster, (object) => [told(object, "something else")]);
    expect(events(cluster).map(({ message, count }) => [message, count])).toEqual([["once more", 3], ["something else", 1]]);
    const [first] = events(cluster);
    expect(first).toMatchObject({ involvedObject: { kind: "ConfigMap", name: "a" }, source: { component: "test" }, firstTimestamp: "2030-01-01T00:00:00Z", lastTimestamp: "2030-01-01T00:00:12Z" });
    expect(first?.metadata.name).toMatch(/^a\.[0-9a-f]{16}$/);
  });
});

test("a workload's pod that was refused is told of as an event", async () => {
  const cluster = new SimulatedCluster();
  cluster.create({ apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name: "web", namespace: "default" }, spec: { replicas: 3, selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: { priorityClassName: "nope", containers: [{ name: "c", image: "i" }] } } } });
  await cluster.reconcile("replicasets.apps/default/web");
  const [event, ...others] = events(cluster);
  expect(others).toEqual([]);
  expect(event).toMatchObject({ reason: "FailedCreate", type: "Warning", source: { component: "replicaset-controller" }, involvedObject: { kind: "ReplicaSet", name: "web" } });
  expect(event?.message).toMatch(/^Error creating: pods "web-\w+" is forbidden: no PriorityClass with name nope was found$/);
});
