/** A node falls silent and comes back, as the API shows it: hub, lifecycle, eviction and scheduler together. */
import { applyD1Migrations, env, evictDurableObject, runDurableObjectAlarm, runInDurableObject, SELF } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import type { NodeLease } from "../../worker/nodes/leases.ts";
import type { Node, Pod } from "../../protocol/kubernetes/generated/types.ts";
import { asAdmin, FakeAgent, type Fetch } from "./fake-agent/fake-agent.ts";

const fetch: Fetch = (url, init) => SELF.fetch(url, init);
const hub = () => env.NODE_HUB.getByName("hub");

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

async function create(path: string, object: object): Promise<void> {
  const response = await asAdmin(fetch, path, { method: "POST", body: JSON.stringify(object) });
  if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

async function read<T>(path: string): Promise<T> {
  return (await asAdmin(fetch, path)).json<T>();
}

/** As if the node had been heard from that long ago; the hub forgets what it had in memory. */
async function silence(name: string, seconds: number): Promise<void> {
  await runInDurableObject(hub(), (_, { storage }) => {
    const [row] = storage.sql.exec<{ lease: string }>("SELECT lease FROM leases WHERE name = ?", name).toArray();
    const lease = JSON.parse(row?.lease ?? "{}") as NodeLease;
    storage.sql.exec("UPDATE leases SET lease = ? WHERE name = ?", JSON.stringify({ ...lease, lastSeenAt: Date.now() - seconds * 1000 }), name);
    storage.sql.exec("INSERT OR REPLACE INTO facts (name, value) VALUES ('alarmDue', ?)", String(Date.now()));
  });
  await evictDurableObject(hub());
}

function taintsOf(node: Node): string[] {
  return (node.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
}

test("a silent node loses its Deployment's pods to another, and returns", async () => {
  const [lost, kept] = [await FakeAgent.join(fetch, "lost"), await FakeAgent.join(fetch, "kept")];
  await lost.poll();
  await kept.poll();
  const tolerations = [{ key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 0 }];
  await create("/apis/apps/v1/namespaces/default/deployments", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { tolerations, containers: [{ name: "c", image: "example:1" }] } },
    },
  });
  const pods = async () => (await read<{ items: Pod[] }>("/api/v1/namespaces/default/pods?labelSelector=app%3Dweb")).items;
  const where = async () => (await pods()).filter(({ metadata }) => metadata?.deletionTimestamp === undefined).map(({ spec }) => spec?.nodeName ?? "").toSorted();
  await expect.poll(where, { timeout: 10_000 }).toEqual(["kept", "lost"]);

  await silence("lost", 51);
  await kept.poll();
  await runDurableObjectAlarm(hub());
  const ready = (await read<Node>("/api/v1/nodes/lost")).status?.conditions?.find(({ type }) => type === "Ready");
  expect(ready).toMatchObject({ status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." });
  await expect.poll(async () => taintsOf(await read<Node>("/api/v1/nodes/lost")), { timeout: 10_000 }).toEqual([
    "node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute",
  ]);
  await expect.poll(where, { timeout: 10_000 }).toEqual(["kept", "kept"]);
  expect(await pods()).toHaveLength(3);

  const back = await lost.poll({ wait: true });
  expect(back.reportStatus).toBe(true);
  await lost.report({ node: { conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }] } });
  expect((await lost.poll({ wait: false })).reportStatus).toBeUndefined();
  await expect.poll(async () => taintsOf(await read<Node>("/api/v1/nodes/lost")), { timeout: 10_000 }).toEqual([]);

  const ended = back.pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  expect(ended).toHaveLength(1);
  await lost.report({ terminated: ended.map(({ metadata }) => ({ namespace: "default", name: metadata.name, uid: metadata.uid })) });
  expect(await pods()).toHaveLength(2);
});

test("a pod bound to a node with a NoExecute taint leaves after its toleration", async () => {
  const agent = await FakeAgent.join(fetch, "tainted");
  await agent.poll();
  const taints = [{ key: "away", effect: "NoExecute" }];
  const headers = { "Content-Type": "application/merge-patch+json" };
  await asAdmin(fetch, "/api/v1/nodes/tainted", { method: "PATCH", body: JSON.stringify({ spec: { taints } }), headers });
  await expect.poll(async () => (await read<Node>("/api/v1/nodes/tainted")).spec?.taints?.[0]?.timeAdded).toBeDefined();
  // Whoever evicts has seen the taint, and no pod.
  await expect.poll(async () => (await env.STORE.getByName("store").stats()).pendingWakes, { timeout: 10_000 }).toBe(0);
  const pod = (name: string, tolerationSeconds?: number) => create("/api/v1/namespaces/default/pods", {
    apiVersion: "v1", kind: "Pod", metadata: { name },
    spec: {
      nodeName: "tainted",
      tolerations: [{ key: "away", operator: "Exists", effect: "NoExecute", ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }) }],
      containers: [{ name: "c", image: "example:1" }],
    },
  });
  const isLeaving = async (name: string) => (await read<Pod>(`/api/v1/namespaces/default/pods/${name}`)).metadata?.deletionTimestamp !== undefined;
  await pod("stays");
  await pod("leaves", 1);
  expect(await isLeaving("leaves")).toBe(false);
  await expect.poll(() => isLeaving("leaves"), { timeout: 10_000 }).toBe(true);
  expect(await isLeaving("stays")).toBe(false);
});

test("a node kept through the API alone lives by its Lease", async () => {
  await create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "leased" }, status: { conditions: [{ type: "Ready", status: "True" }] } });
  const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "leased", namespace: "kube-node-lease" } };
  await create("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", { ...lease, spec: { renewTime: "2026-01-01T00:00:00.000000Z" } });
  const known = () => runInDurableObject(hub(), (_, { storage }) => {
    const [row] = storage.sql.exec<{ lease: string }>("SELECT lease FROM leases WHERE name = 'leased'").toArray();
    return JSON.parse(row?.lease ?? "{}") as Partial<NodeLease>;
  });
  const lastSeen = async () => (await known()).lastSeenAt ?? 0;
  await expect.poll(async () => (await known()).probe).toContain("2026-01-01T00:00:00");
  await silence("leased", 40);
  const before = await lastSeen();
  const path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/leased";
  const body = JSON.stringify({ spec: { renewTime: "2026-01-01T00:00:10.000000Z" } });
  await asAdmin(fetch, path, { method: "PATCH", body, headers: { "Content-Type": "application/merge-patch+json" } });
  await expect.poll(lastSeen).toBeGreaterThan(before + 30_000);
});

test("the scheduler and the hub go on after they were evicted", async () => {
  const agent = await FakeAgent.join(fetch, "evicted");
  await agent.poll();
  await evictDurableObject(env.SCHEDULER.getByName("scheduler"));
  await create("/api/v1/namespaces/default/pods", {
    apiVersion: "v1", kind: "Pod", metadata: { name: "late" }, spec: { nodeSelector: { "kubernetes.io/hostname": "evicted" }, containers: [{ name: "c", image: "example:1" }] },
  });
  await expect.poll(async () => (await read<Pod>("/api/v1/namespaces/default/pods/late")).spec?.nodeName, { timeout: 10_000 }).toBe("evicted");
  const seen = await agent.poll();
  expect(seen.pods.map(({ metadata }) => metadata.name)).toContain("late");
  await evictDurableObject(hub());
  const waiting = agent.poll({ since: seen.revision, epoch: seen.epoch, wait: true });
  await asAdmin(fetch, "/api/v1/namespaces/default/pods/late", { method: "DELETE" });
  expect((await waiting).pods.find(({ metadata }) => metadata.name === "late")?.metadata.deletionTimestamp).toBeDefined();
});
