/** ResourceQuotas, as a client meets them. */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { call, namespace, prepare } from "./api.ts";

beforeAll(prepare);

const pod = (name: string, requests?: object) => ({ metadata: { name }, spec: { containers: [{ name: "c", image: "app:1", ...(requests && { resources: { requests } }) }] } });
const withQuota = async (name: string, spec: object) => {
  const path = await namespace(name);
  expect((await call("POST", `${path}/resourcequotas`, { body: { metadata: { name: "q" }, spec } })).status).toBe(201);
  return path;
};
const isUsed = (path: string, used: object) =>
  vi.waitFor(async () => {
    const { body } = await call("GET", `${path}/resourcequotas/q`);
    expect(body.status).toMatchObject({ used });
  }, { timeout: 10_000, interval: 50 });

describe("a ResourceQuota", () => {
  it("shows what is used at once, and through the life of what it counts", async () => {
    const path = await withQuota("life", { hard: { pods: "5", cpu: "1", memory: "500Mi", configmaps: "10", "count/secrets": "3", services: "2" } });
    await isUsed(path, { pods: "0", cpu: "0", "count/secrets": "0", services: "0" });
    expect((await call("POST", `${path}/pods`, { body: pod("a", { cpu: "500m", memory: "250Mi" }) })).status).toBe(201);
    expect((await call("POST", `${path}/secrets`, { body: { metadata: { name: "s" } } })).status).toBe(201);
    expect((await call("POST", `${path}/services`, { body: { metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } } })).status).toBe(201);
    await isUsed(path, { pods: "1", cpu: "500m", memory: "250Mi", "count/secrets": "1", services: "1" });
    expect((await call("DELETE", `${path}/pods/a`)).status).toBe(200);
    expect((await call("DELETE", `${path}/services/s`)).status).toBe(200);
    await isUsed(path, { pods: "0", cpu: "0", memory: "0", services: "0" });
  });

  it("refuses what is too much, in upstream's words", async () => {
    const path = await withQuota("words", { hard: { pods: "2", cpu: "1" } });
    expect((await call("POST", `${path}/pods`, { body: pod("a", { cpu: "700m" }) })).status).toBe(201);
    const much = await call("POST", `${path}/pods`, { body: pod("b", { cpu: "500m" }) });
    expect([much.status, much.body.reason, much.body.message]).toEqual([403, "Forbidden", 'pods "b" is forbidden: exceeded quota: q, requested: cpu=500m, used: cpu=700m, limited: cpu=1']);
    const silent = await call("POST", `${path}/pods`, { body: pod("c") });
    expect([silent.status, silent.body.message]).toEqual([403, 'pods "c" is forbidden: failed quota: q: must specify cpu for: c']);
    const dry = await call("POST", `${path}/pods?dryRun=All`, { body: pod("d", { cpu: "400m" }) });
    expect(dry.status).toBe(403);
  });

  it("is never exceeded by creates side by side", async () => {
    const path = await withQuota("crowd", { hard: { "count/configmaps": "6" } });
    await vi.waitFor(async () => expect((await call("GET", `${path}/configmaps/kube-root-ca.crt`)).status).toBe(200), { timeout: 10_000, interval: 50 });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => call("POST", `${path}/configmaps`, { body: { metadata: { name: `c${at}` } } })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(15);
    await isUsed(path, { "count/configmaps": "6" });
  });

  it("bounds the pods of a workload, which says so", async () => {
    const path = await withQuota("workload", { hard: { pods: "2" } });
    const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "app:1" }] } };
    const body = { metadata: { name: "web" }, spec: { replicas: 5, selector: { matchLabels: { app: "web" } }, template } };
    expect((await call("POST", "/apis/apps/v1/namespaces/workload/replicasets", { body })).status).toBe(201);
    await isUsed(path, { pods: "2" });
    await vi.waitFor(async () => {
      const { items } = (await call("GET", `${path}/events?fieldSelector=reason=FailedCreate`)).body;
      expect(items[0]?.message).toMatch(/^Error creating: pods "web-\w+" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2$/);
    }, { timeout: 10_000, interval: 100 });
  });
});
