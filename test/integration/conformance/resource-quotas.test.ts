import { beforeEach, describe, expect, it } from "vitest";
import { call, type Json, prepare } from "../http/api.ts";
import { created, eventually, eventuallyGone, freshNamespace, got, namesAt, patched, removed, template } from "./harness.ts";

beforeEach(prepare);

const quota = (name: string, hard: Record<string, string>, more: object = {}) => ({ metadata: { name }, spec: { hard, ...more } });
const uses = (path: string, used: Record<string, string>): Promise<void> =>
  eventually(async () => expect((await got(path)).status).toMatchObject({ used }));
const requests = (list: Record<string, string>, limits?: Record<string, string>) => ({ requests: list, ...(limits && { limits }) });
const pod = (name: string, resources: object = {}, more: object = {}) => ({ metadata: { name }, spec: { containers: [{ name: "c", image: "app:1", resources }], ...more } });

async function withQuota(hard: Record<string, string>): Promise<{ space: string; path: string }> {
  const space = await freshNamespace("quota");
  await created(`${space}/resourcequotas`, quota("q", hard));
  return { space, path: `${space}/resourcequotas/q` };
}

describe("resource quotas", () => {
  it("ResourceQuota, object count quota, resourcequotas", async () => {
    const hard = { pods: "5", services: "10", replicationcontrollers: "10", resourcequotas: "1", cpu: "1", memory: "500Mi", secrets: "10", persistentvolumeclaims: "10", "requests.storage": "10Gi", "count/replicasets.apps": "5" };
    const { path } = await withQuota(hard);
    await uses(path, { resourcequotas: "1", pods: "0", cpu: "0", "requests.storage": "0" });
    expect((await got(path)).status).toMatchObject({ hard });
  });

  const counted: [testname: string, measure: string, collection: (space: string) => string, object: object][] = [
    ["ResourceQuota, object count quota, configmap", "count/configmaps", (space) => `${space}/configmaps`, { metadata: { name: "x" } }],
    ["ResourceQuota, object count quota, secret", "secrets", (space) => `${space}/secrets`, { metadata: { name: "x" } }],
    ["ResourceQuota, object count quota, service", "services", (space) => `${space}/services`, { metadata: { name: "x" }, spec: { ports: [{ port: 80 }] } }],
    ["ResourceQuota, object count quota, replicationController", "replicationcontrollers", (space) => `${space}/replicationcontrollers`, { metadata: { name: "x" }, spec: { replicas: 0, selector: { a: "b" }, template: template({ a: "b" }) } }],
    ["ResourceQuota, object count quota, replicaSet", "count/replicasets.apps", (space) => space.replace("/api/v1", "/apis/apps/v1") + "/replicasets", { metadata: { name: "x" }, spec: { replicas: 0, selector: { matchLabels: { a: "b" } }, template: template({ a: "b" }) } }],
  ];
  it.each(counted)("%s", async (_, measure, collectionIn, object) => {
    const { space, path } = await withQuota({ [measure]: "10" });
    const before = await eventually(async () => {
      const { used } = (await got(path)).status as { used: Record<string, string> };
      return Number(used[measure]);
    });
    // The namespace's own kube-root-ca.crt may come in between.
    const own = measure === "count/configmaps" ? 1 : before;
    await uses(path, { [measure]: String(own) });
    await created(collectionIn(space), object);
    await uses(path, { [measure]: String(own + 1) });
    await removed(`${collectionIn(space)}/x`);
    await uses(path, { [measure]: String(own) });
  });

  it("ResourceQuota, object count quota, pod", async () => {
    const { space, path } = await withQuota({ pods: "5", cpu: "1", memory: "500Mi", "requests.ephemeral-storage": "50Gi", "requests.example.com/dongle": "3" });
    const asked = { cpu: "500m", memory: "252Mi", "ephemeral-storage": "30Gi", "example.com/dongle": "2" };
    await created(`${space}/pods`, pod("a", { ...requests(asked), limits: { "example.com/dongle": "2" } }));
    await uses(path, { pods: "1", cpu: "500m", memory: "252Mi", "requests.ephemeral-storage": "30Gi", "requests.example.com/dongle": "2" });
    for (const more of [{ cpu: "600m", memory: "100Mi" }, { cpu: "100m", memory: "100Mi", "example.com/dongle": "2" }]) {
      const answer = await call("POST", `${space}/pods`, { body: pod("b", { requests: more, ...("example.com/dongle" in more && { limits: { "example.com/dongle": "2" } }) }) });
      expect([answer.status, answer.body.message]).toEqual([403, expect.stringContaining("exceeded quota: q")]);
    }
    const object = await got(`${space}/pods/a`);
    const containers = (object.spec["containers"] as Json[]).map((container) => ({ ...container, resources: requests({ cpu: "100m", memory: "100Mi" }) }));
    expect((await call("PUT", `${space}/pods/a`, { body: { ...object, spec: { ...object.spec, containers } } })).status).toBe(422);
    await removed(`${space}/pods/a`);
    await uses(path, { pods: "0", cpu: "0", memory: "0", "requests.ephemeral-storage": "0", "requests.example.com/dongle": "0" });
  });

  it("ResourceQuota, quota scope, BestEffort and NotBestEffort scope", async () => {
    const space = await freshNamespace("quota");
    await created(`${space}/resourcequotas`, quota("best", { pods: "5" }, { scopes: ["BestEffort"] }));
    await created(`${space}/resourcequotas`, quota("not-best", { pods: "5" }, { scopes: ["NotBestEffort"] }));
    const both = async (best: string, notBest: string) => {
      await uses(`${space}/resourcequotas/best`, { pods: best });
      await uses(`${space}/resourcequotas/not-best`, { pods: notBest });
    };
    await created(`${space}/pods`, pod("a"));
    await both("1", "0");
    await removed(`${space}/pods/a`);
    await created(`${space}/pods`, pod("b", requests({ cpu: "500m", memory: "200Mi" })));
    await both("0", "1");
    await removed(`${space}/pods/b`);
    await both("0", "0");
  });

  it("ResourceQuota, quota scope, Terminating and NotTerminating scope", async () => {
    const space = await freshNamespace("quota");
    const hard = { pods: "5", "requests.cpu": "1", "requests.memory": "500Mi", "limits.cpu": "2", "limits.memory": "1Gi" };
    await created(`${space}/resourcequotas`, quota("ending", hard, { scopes: ["Terminating"] }));
    await created(`${space}/resourcequotas`, quota("lasting", hard, { scopes: ["NotTerminating"] }));
    const resources = requests({ cpu: "500m", memory: "200Mi" }, { cpu: "1", memory: "400Mi" });
    const full = { pods: "1", "requests.cpu": "500m", "requests.memory": "200Mi", "limits.cpu": "1", "limits.memory": "400Mi" };
    await created(`${space}/pods`, pod("a", resources));
    await uses(`${space}/resourcequotas/lasting`, full);
    await uses(`${space}/resourcequotas/ending`, { pods: "0" });
    await removed(`${space}/pods/a`);
    await created(`${space}/pods`, pod("b", resources, { activeDeadlineSeconds: 3600 }));
    await uses(`${space}/resourcequotas/ending`, full);
    await uses(`${space}/resourcequotas/lasting`, { pods: "0", "limits.memory": "0" });
  });

  it("ResourceQuota, update and delete", async () => {
    const { path } = await withQuota({ cpu: "1", memory: "500Mi" });
    await uses(path, { cpu: "0", memory: "0" });
    const object = await got(path);
    const updated = await call("PUT", path, { body: { ...object, spec: { hard: { cpu: "2", memory: "1Gi" } } } });
    expect(updated.body.spec).toEqual({ hard: { cpu: "2", memory: "1Gi" } });
    await eventually(async () => expect((await got(path)).status).toMatchObject({ hard: { cpu: "2", memory: "1Gi" } }));
    await removed(path);
    await eventuallyGone(path);
  });

  it("ResourceQuota, manage lifecycle of a ResourceQuota", async () => {
    const space = await freshNamespace("quota");
    await created(`${space}/resourcequotas`, { ...quota("q", { cpu: "300m", memory: "300Mi" }), metadata: { name: "q", labels: { life: "yes" } } });
    expect(await namesAt("/api/v1/resourcequotas?labelSelector=life%3Dyes")).toEqual(["q"]);
    const changed = await patched(`${space}/resourcequotas/q`, { metadata: { labels: { q: "patched" } }, spec: { hard: { memory: "750Mi" } } });
    expect(changed.spec).toEqual({ hard: { cpu: "300m", memory: "750Mi" } });
    await removed(`${space}/resourcequotas?labelSelector=q%3Dpatched`);
    expect(await namesAt(`${space}/resourcequotas`)).toEqual([]);
  });

  it("ResourceQuota, apply changes to a ResourceQuota status", async () => {
    const { path } = await withQuota({ cpu: "500m", memory: "500Mi" });
    await eventually(async () => expect((await got(`${path}/status`)).status).toMatchObject({ hard: { cpu: "500m", memory: "500Mi" } }));
    const status = { hard: { cpu: "750m", memory: "750Mi" } };
    expect((await patched(`${path}/status`, { status })).status).toMatchObject(status);
    expect((await got(path)).spec).toEqual({ hard: { cpu: "500m", memory: "500Mi" } });
  });
});
