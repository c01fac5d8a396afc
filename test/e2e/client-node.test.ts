/** @kubernetes/client-node as it is: informers that outlive what breaks, patches of every kind. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { readFileSync } from "node:fs";
import { type Informer, CoreV1Api, KubeConfig, makeInformer, PatchStrategy, setHeaderOptions, type V1ConfigMap } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-agent", "--no-example");
const connections = new Set<Socket>();
let relay: Server;
let api: CoreV1Api;
let config: KubeConfig;

/** Between client and server, so that a test can cut what is open. */
async function startRelay(port: number): Promise<number> {
  relay = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      connections.add(socket);
      socket.on("close", () => (connections.delete(socket), client.destroy(), server.destroy()));
      socket.on("error", () => undefined);
    }
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return (relay.address() as AddressInfo).port;
}

const cut = () => [...connections].forEach((socket) => socket.destroy());

beforeAll(async () => {
  const { server } = use.current;
  const port = await startRelay(Number(new URL(server).port));
  config = new KubeConfig();
  config.loadFromString(readFileSync(use.current.kubeconfig, "utf8").replace(server, `https://127.0.0.1:${port}`));
  api = config.makeApiClient(CoreV1Api);
});
afterAll(async () => {
  cut();
  await new Promise((resolve) => relay?.close(resolve));
});

const write = (name: string, color: string) => use.current.apply(`{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, labels: {app: informed}}, data: {color: ${color}}}`);

describe("an informer", () => {
  const seen = new Map<string, string>();
  let informer: Informer<V1ConfigMap> & { get(name: string, namespace?: string): V1ConfigMap | undefined };
  let restarts = 0;

  beforeAll(async () => {
    const list = () => api.listNamespacedConfigMap({ namespace: "default", labelSelector: "app=informed" });
    informer = makeInformer(config, "/api/v1/namespaces/default/configmaps", list, "app=informed");
    const note = (object: V1ConfigMap) => void seen.set(object.metadata?.name ?? "", object.data?.["color"] ?? "");
    informer.on("add", note);
    informer.on("update", note);
    informer.on("delete", (object) => void seen.delete(object.metadata?.name ?? ""));
    informer.on("error", () => {
      restarts += 1;
      setTimeout(() => void informer.start().catch(() => undefined), 200);
    });
    await write("before", "red");
    await informer.start();
  });
  afterAll(() => informer.stop());

  it("sees what is there, what comes, changes and goes", async () => {
    await eventually(() => expect(Object.fromEntries(seen)).toEqual({ before: "red" }));
    await write("later", "blue");
    await write("before", "green");
    await eventually(() => expect(Object.fromEntries(seen)).toEqual({ before: "green", later: "blue" }));
    await use.current.kubectl("delete cm later");
    await eventually(() => expect(Object.fromEntries(seen)).toEqual({ before: "green" }));
  });

  it("misses nothing when its connection is cut", async () => {
    cut();
    await write("meanwhile", "black");
    await eventually(() => expect(Object.fromEntries(seen)).toEqual({ before: "green", meanwhile: "black" }), { timeoutMs: 30_000 });
  });

  it("comes back after the control plane was killed", async () => {
    process.kill(use.current.workerdPid ?? 0, "SIGKILL");
    await eventually(() => write("after", "white"), { timeoutMs: 30_000 });
    await eventually(() => expect(seen.get("after")).toBe("white"), { timeoutMs: 30_000 });
    expect(restarts).toBeGreaterThan(0);
  });
});

describe("patches", () => {
  const patch = (body: object, strategy: string, more: object = {}) =>
    api.patchNamespacedConfigMap({ name: "patched", namespace: "default", body, ...more }, setHeaderOptions("Content-Type", strategy));

  it("of every kind are applied, server-side apply among them", async () => {
    await api.createNamespacedConfigMap({ namespace: "default", body: { metadata: { name: "patched" }, data: { a: "1" } } });
    await patch([{ op: "add", path: "/data/b", value: "2" }], PatchStrategy.JsonPatch);
    await patch({ data: { c: "3" } }, PatchStrategy.MergePatch);
    await patch({ data: { d: "4" } }, PatchStrategy.StrategicMergePatch);
    const applied = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "patched" }, data: { e: "5" } };
    const after = await patch(applied, PatchStrategy.ServerSideApply, { fieldManager: "tests" });
    expect(after.data).toEqual({ a: "1", b: "2", c: "3", d: "4", e: "5" });
    expect(after.metadata?.managedFields?.find(({ manager }) => manager === "tests")).toMatchObject({ operation: "Apply", fieldsV1: { "f:data": { "f:e": {} } } });
    const conflicting = { ...applied, data: { e: "6" } };
    await expect(patch(conflicting, PatchStrategy.ServerSideApply, { fieldManager: "others" })).rejects.toMatchObject({ code: 409 });
    expect((await patch(conflicting, PatchStrategy.ServerSideApply, { fieldManager: "others", force: true })).data).toMatchObject({ e: "6" });
  });
});
