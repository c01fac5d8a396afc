import { describe, expect, test } from "vitest";
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { createPlanner } from "../registry/planner.ts";
import { objectOf, textOf } from "../registry/text.ts";
import { events } from "../resources/core/events.ts";
import { pods } from "../resources/core/pods.ts";
import { applyStatedDefaults, missingFields } from "../resources/stated-rules.ts";
import type { ChangeEvent, ListQuery, ObjectKey, StoredObject, WriteList, WriteResult } from "../storage/store.ts";
import { SchedulerEngine, type EnginePorts } from "./engine.ts";
import { nodeObject, podObject, type NodeGiven, type PodGiven } from "./testing.ts";
import { noSettings } from "../settings/settings.ts";

/** As much of a store as the scheduler asks for: a log, the newest state, guards of scopes. */
class FakeStore {
  readonly objects = new Map<ObjectKey, StoredObject & { uid: string }>();
  readonly log: ChangeEvent[] = [];
  readonly scopes = new Map<string, number>();
  revision = 0;
  floor = 0;
  lists = 0;
  writes: WriteList[] = [];

  put(key: ObjectKey, object: Stored<KubernetesObject>): void {
    this.#commit(key, textOf(object), object.metadata.uid);
  }

  remove(key: ObjectKey): void {
    const known = this.objects.get(key);
    if (!known) return;
    this.objects.delete(key);
    this.revision += 1;
    this.log.push({ ...known, type: "DELETED", revision: this.revision });
  }

  node(given: NodeGiven): void {
    this.put(`nodes//${given.name}`, nodeObject(given));
  }

  pod(given: PodGiven): void {
    const object = podObject(given);
    this.put(`pods/${object.metadata.namespace}/${object.metadata.name}`, object);
  }

  read(name: string): Stored<Pod> {
    const stored = this.objects.get(`pods/d/${name}`);
    if (!stored) throw new Error(`no pod ${name}`);
    return objectOf<Pod>(pods, stored);
  }

  messages(): string[] {
    const found = [...this.objects.values()].filter(({ key }) => key.startsWith("events/"));
    return found.map((stored) => String(objectOf(events, stored)["message"]));
  }

  async list({ resource, limit = Infinity, after = "" }: ListQuery) {
    this.lists += 1;
    const all = [...this.objects.values()].filter(({ key }) => key.startsWith(`${resource}/`) && key > after).toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const items = all.slice(0, limit);
    const last = items.at(-1);
    return { revision: this.revision, items, ...(all.length > items.length && last ? { next: last.key } : {}) };
  }

  async changes(queries: { resource: string; since: number }[]) {
    const since = queries[0]?.since ?? 0;
    if (since < this.floor) return { expired: true as const, floor: this.floor, revision: this.revision };
    const matching = (resource: string) => this.log.filter((event) => event.revision > since && event.key.startsWith(`${resource}/`));
    return { revision: this.revision, events: queries.map(({ resource }) => matching(resource)) };
  }

  async getMany(keys: ObjectKey[]) {
    return { revision: this.revision, items: keys.map((key) => this.objects.get(key)) };
  }

  async write(list: WriteList) {
    this.writes.push(list);
    const isStale = (list.guards ?? []).some(({ scope, revision }) => (this.scopes.get(scope) ?? 0) > revision);
    const results = list.operations.map((operation): WriteResult => {
      if (isStale) return { ok: false, reason: "stale" };
      if (operation.verb === "delete") {
        this.remove(operation.key);
        return { ok: true, revision: this.revision };
      }
      const known = this.objects.get(operation.key);
      if (operation.verb === "update" && known?.revision !== operation.expect.revision) return { ok: false, reason: "conflict" };
      this.#commit(operation.key, operation.text, operation.index.uid);
      return { ok: true, revision: this.revision };
    });
    return { results, revision: this.revision };
  }

  #commit(key: ObjectKey, text: string, uid: string): void {
    this.revision += 1;
    const type = this.objects.has(key) ? "MODIFIED" : "ADDED";
    this.objects.set(key, { key, text, uid, revision: this.revision });
    this.log.push({ key, text, uid, type, revision: this.revision });
  }
}

function engineOver(store: FakeStore) {
  const clock = { now: Date.parse("2026-01-01T00:00:00Z") };
  let serial = 0;
  const ports: EnginePorts = {
    store,
    planner: createPlanner({ applyDefaults: applyStatedDefaults, validate: missingFields }),
    newContext: () => ({
      now: clock.now,
      newUid: () => `${String(++serial).padStart(8, "0")}-0000-4000-8000-000000000000`,
      randomSuffix: (length) => "x".repeat(length),
      user: { name: "system:kube-scheduler", groups: ["system:masters"] },
      config: { serviceCidr: "10.96.0.0/16", clusterCidr: "10.244.0.0/16", clusterDomain: "cluster.local" },
      settings: noSettings,
    }),
    report: (message, error) => {
      throw new Error(message, { cause: error });
    },
  };
  return { engine: new SchedulerEngine(ports), clock };
}

describe("the engine", () => {
  test("binds in one guarded list and tells so", async () => {
    const store = new FakeStore();
    store.node({ name: "a" });
    store.pod({ name: "p" });
    store.pod({ name: "q" });
    await engineOver(store).engine.run();
    expect(store.read("p").spec?.nodeName).toBe("a");
    expect(store.read("p").status?.conditions).toMatchObject([{ type: "PodScheduled", status: "True" }]);
    expect(store.messages()).toContain("Successfully assigned d/p to a");
    expect(store.writes).toHaveLength(1);
    expect(store.writes[0]?.guards).toEqual([{ scope: "bind/a", revision: 3 }]);
  });

  test("says why, once, and places the pod when a node comes", async () => {
    const store = new FakeStore();
    store.node({ name: "a", spec: { unschedulable: true } });
    store.pod({ name: "p" });
    const { engine, clock } = engineOver(store);
    const again = await engine.run();
    expect(again).toBe(clock.now + 301_000);
    expect(store.read("p").status?.conditions).toMatchObject([{
      type: "PodScheduled", status: "False", reason: "Unschedulable",
      message: "0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    }]);
    const { length } = store.writes;
    clock.now += 301_000;
    await engine.run();
    expect(store.writes).toHaveLength(length);
    store.node({ name: "b" });
    clock.now += 10_000;
    await engine.run();
    expect(store.read("p").spec?.nodeName).toBe("b");
  });

  test("a node that comes takes a pod at once, however often it was tried before", async () => {
    const store = new FakeStore();
    store.pod({ name: "p" });
    const { engine, clock } = engineOver(store);
    for (const name of ["cordoned-1", "cordoned-2", "cordoned-3"]) {
      await engine.run();
      store.node({ name, spec: { unschedulable: true } });
      clock.now += 10_000;
    }
    await engine.run();
    store.node({ name: "a" });
    clock.now += 1;
    await engine.run();
    expect(store.read("p").spec?.nodeName).toBe("a");
  });

  test("a write that nobody answered is looked up, and what it did not place is placed", async () => {
    const store = new FakeStore();
    store.node({ name: "a" });
    store.pod({ name: "p" });
    const { engine } = engineOver(store);
    const { write } = store;
    store.write = async () => {
      store.write = write;
      throw new Error("no answer");
    };
    await expect(engine.run()).rejects.toThrow("no answer");
    await engine.run();
    expect(store.read("p").spec?.nodeName).toBe("a");
  });

  test("a node that was bound to meanwhile makes it look again, not bind twice", async () => {
    const store = new FakeStore();
    store.node({ name: "a", allocatable: { cpu: "1", memory: "1Gi", pods: "9" } });
    store.pod({ name: "p", cpu: "1" });
    const { engine, clock } = engineOver(store);
    const { write } = store;
    store.write = async (list) => {
      store.write = write;
      store.pod({ name: "rival", cpu: "1", on: "a" });
      store.scopes.set("bind/a", store.revision);
      return write.call(store, list);
    };
    await engine.run();
    clock.now += 10_000;
    await engine.run();
    expect(store.read("p").spec?.nodeName).toBeUndefined();
    expect(store.read("p").status?.conditions?.[0]?.message).toContain("1 Insufficient cpu");
  });

  test("a pod that changed under it is planned again from its new state", async () => {
    const store = new FakeStore();
    store.node({ name: "a" });
    store.pod({ name: "p" });
    const { engine } = engineOver(store);
    const { write } = store;
    store.write = async (list) => {
      store.write = write;
      store.pod({ name: "p", labels: { changed: "yes" } });
      return write.call(store, list);
    };
    await engine.run();
    expect(store.read("p").spec?.nodeName).toBe("a");
    expect(store.read("p").metadata.labels).toEqual({ changed: "yes" });
  });

  test("preempts gracefully, nominates, and binds when the victim is gone", async () => {
    const store = new FakeStore();
    store.node({ name: "a", allocatable: { cpu: "1", memory: "1Gi", pods: "9" } });
    store.pod({ name: "victim", cpu: "1", spec: { nodeName: "a", terminationGracePeriodSeconds: 30 } });
    store.pod({ name: "p", cpu: "1", spec: { priority: 10 } });
    const { engine, clock } = engineOver(store);
    await engine.run();
    expect(store.read("victim").metadata.deletionTimestamp).toBeDefined();
    expect(store.read("p").status?.nominatedNodeName).toBe("a");
    expect(store.messages()).toContain("Preempted by pod uid-p on node a");
    store.remove("pods/d/victim");
    clock.now += 10_000;
    await engine.run();
    expect(store.read("p").spec?.nodeName).toBe("a");
  });

  test("reads everything anew when its revision was compacted away", async () => {
    const store = new FakeStore();
    store.node({ name: "a" });
    const { engine } = engineOver(store);
    await engine.run();
    const { lists } = store;
    store.pod({ name: "p" });
    store.floor = store.revision;
    await engine.run();
    expect(store.lists).toBeGreaterThan(lists);
    expect(store.read("p").spec?.nodeName).toBe("a");
  });

  test("leaves gated pods and those of other schedulers alone", async () => {
    const store = new FakeStore();
    store.node({ name: "a" });
    store.pod({ name: "gated", spec: { schedulingGates: [{ name: "g" }] } });
    store.pod({ name: "other", spec: { schedulerName: "mine" } });
    await engineOver(store).engine.run();
    expect(store.writes).toEqual([]);
  });
});
