/** The Workload Durable Object: what wakes it, what it keeps, and what outlives an instance. */
import { applyD1Migrations, env, evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Pod, ReplicaSet } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { requestContext } from "../../worker/registry/context.ts";
import { planner } from "../../worker/registry/planner.ts";
import type { DeleteOptions, Planned } from "../../worker/registry/registry.ts";
import { objectOf } from "../../worker/registry/text.ts";
import { writePlanned } from "../../worker/registry/writer.ts";
import { resourceByKey, resourceOf } from "../../worker/resources/registry.ts";
import type { Resource } from "../../worker/resources/resource.ts";
import type { ObjectKey, Store } from "../../worker/storage/store.ts";
import { noSettings } from "../../worker/settings/settings.ts";

/** RPC wraps results in types of its own that add nothing here. */
const store = () => env.STORE.getByName("store") as unknown as Store;
const workload = (key: string) => env.WORKLOAD.getByName(key);
const context = () => requestContext(env, { name: "test", groups: ["system:masters"] }, noSettings);
const key = "replicasets.apps/default/web";

function known(resource: Resource | undefined): Resource {
  if (resource === undefined) throw new Error("no such kind");
  return resource;
}

async function write(planned: Planned | undefined): Promise<void> {
  const results = await writePlanned(store(), planned === undefined ? [] : [planned]);
  for (const { result } of results) expect(result).toMatchObject({ ok: true });
}

const create = (object: KubernetesObject) => write(planner.create(known(resourceOf(object)), object, context()));

async function get<T extends KubernetesObject>(objectKey: ObjectKey): Promise<Stored<T> | undefined> {
  const stored = await store().get(objectKey);
  return stored && objectOf<T>(known(resourceByKey(objectKey.split("/")[0] ?? "")), stored);
}

async function change<T extends KubernetesObject>(objectKey: ObjectKey, apply: (object: Stored<T>) => void, subresource?: string): Promise<void> {
  const [current, next] = [await get<T>(objectKey), await get<T>(objectKey)];
  if (current === undefined || next === undefined) throw new Error(`no ${objectKey}`);
  apply(next);
  await write(planner.update({ resource: known(resourceOf(current)), current, next, context: context(), ...(subresource === undefined ? {} : { subresource }) }));
}

async function remove(objectKey: ObjectKey, options: DeleteOptions = {}): Promise<void> {
  const current = await get(objectKey);
  if (current !== undefined) await write(planner.delete({ resource: known(resourceOf(current)), current, options, context: context() }));
}

async function pods(): Promise<Stored<Pod>[]> {
  const page = await store().list({ resource: "pods", namespace: "default" });
  return "expired" in page ? [] : page.items.map((item) => objectOf<Pod>(known(resourceByKey("pods")), item));
}

const podCount = (count: number) => vi.waitFor(async () => expect(await pods()).toHaveLength(count), { timeout: 5_000, interval: 10 });

/** Everything that the object keeps, and its alarm. */
const kept = (of: string) => runInDurableObject(workload(of), async (_, state) => ({
  stored: Object.fromEntries(await state.storage.list()),
  alarm: await state.storage.getAlarm(),
}));

const replicaSet = (spec: Partial<ReplicaSet["spec"]> = {}): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "app:1" }] } },
    ...spec,
  },
});

async function makeReady(pod: Stored<Pod>): Promise<void> {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z/, "Z");
  await change<Pod>(`pods/default/${pod.metadata.name}`, (next) => {
    next.status = { ...next.status, phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime }] };
  }, "status");
}

beforeEach(async () => {
  await reset();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  await create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } });
});

describe("a workload", () => {
  it("is reconciled by the store's wakes alone, and stores nothing for it", async () => {
    await create(replicaSet());
    await podCount(3);
    await vi.waitFor(async () => expect((await get<ReplicaSet>(key))?.status?.replicas).toBe(3));
    expect(await kept(key)).toEqual({ stored: {}, alarm: null });
  });

  it("that was evicted is reconciled by the next wake", async () => {
    await create(replicaSet());
    await podCount(3);
    await evictDurableObject(workload(key));
    const [pod] = await pods();
    await remove(`pods/default/${pod?.metadata.name}`);
    await vi.waitFor(async () => expect((await pods()).map(({ metadata }) => metadata.uid)).not.toContain(pod?.metadata.uid));
    await podCount(3);
  });

  it("answers two wakes at once with no pod too many", async () => {
    await create(replicaSet({ replicas: 0 }));
    await change<ReplicaSet>(key, ({ spec }) => void (spec!.replicas = 20));
    await Promise.all(Array.from({ length: 5 }, () => workload(key).wake(0)));
    expect(await pods()).toHaveLength(20);
  });

  it("that has to look again sets its alarm, and an alarm after an eviction still knows whom it is for", async () => {
    await create(replicaSet({ replicas: 1, minReadySeconds: 600 }));
    await podCount(1);
    for (const pod of await pods()) await makeReady(pod);
    await vi.waitFor(async () => expect((await kept(key)).alarm).not.toBeNull());
    expect((await kept(key)).stored).toEqual({ key });
    await evictDurableObject(workload(key));
    expect(await runDurableObjectAlarm(workload(key))).toBe(true);
    // It looked, found the pod not yet available, and asked for the same time again.
    expect(await kept(key)).toMatchObject({ stored: { key }, alarm: expect.any(Number) });
  });

  it("forgets its alarm when there is nothing left to wait for", async () => {
    await create(replicaSet({ replicas: 1, minReadySeconds: 600 }));
    await podCount(1);
    for (const pod of await pods()) await makeReady(pod);
    await vi.waitFor(async () => expect((await kept(key)).alarm).not.toBeNull());
    await remove(key, { propagationPolicy: "Background" });
    await podCount(0);
    await vi.waitFor(async () => expect(await kept(key)).toEqual({ stored: {}, alarm: null }));
  });

  it("whose pods are refused answers the wake, says why, and tries again by alarm", async () => {
    const ghost = "replicasets.apps/ghost/web";
    const object = { ...replicaSet({ replicas: 1 }), metadata: { name: "web", namespace: "ghost" } };
    const { operation } = planner.create(known(resourceOf(object)), object, context());
    // Without the requirement that its namespace exists, which its pods will carry.
    await store().write({ operations: [{ ...operation, requires: [] }] });
    await vi.waitFor(async () => expect(await kept(ghost)).toEqual({ stored: { key: ghost, failures: expect.any(Number) }, alarm: expect.any(Number) }));
    await evictDurableObject(workload(ghost));
    await expect(workload(ghost).wake(0)).resolves.toBeUndefined();
    expect((await kept(ghost)).stored["failures"]).toBeGreaterThan(1);
    await runDurableObjectAlarm(workload(ghost));
    const failure = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: 'namespaces "ghost" not found' };
    await vi.waitFor(async () => expect((await get<ReplicaSet>(ghost))?.status?.conditions).toMatchObject([failure]));
    await create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "ghost" } });
    await workload(ghost).wake(0);
    expect((await store().list({ resource: "pods", namespace: "ghost" }) as { items: unknown[] }).items).toHaveLength(1);
    await vi.waitFor(async () => expect(await kept(ghost)).toEqual({ stored: {}, alarm: null }));
  });
});
