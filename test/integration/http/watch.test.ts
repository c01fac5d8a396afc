/** Watches through the whole Worker: what a client reads, in order, without gaps and without doubles. */
import { env, runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { call, namespace, prepare, WatchReader } from "./api.ts";

let ns: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("watching");
});

async function create(name: string, labels: Record<string, string> = {}): Promise<string> {
  const { body, status, text } = await call("POST", `${ns}/configmaps`, { body: { metadata: { name, labels } } });
  if (status !== 201) throw new Error(text);
  return body.metadata.resourceVersion;
}

const merge = { type: "application/merge-patch+json" };

test("without a resourceVersion begins with what is there", async () => {
  await create("a1", { t: "begin" });
  const reader = await WatchReader.open(`${ns}/configmaps?watch=true&labelSelector=t%3Dbegin`);
  expect(await reader.take(1)).toEqual(["ADDED a1"]);
  await create("a2", { t: "begin" });
  await call("DELETE", `${ns}/configmaps/a1`);
  expect(await reader.take(2)).toEqual(["ADDED a2", "DELETED a1"]);
  await reader.close();
});

test("from a resourceVersion tells only what came after", async () => {
  const version = await create("b1");
  await create("b2");
  await call("PATCH", `${ns}/configmaps/b1`, { ...merge, body: { data: { x: "y" } } });
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&resourceVersion=${version}`);
  expect(await reader.take(2)).toEqual(["ADDED b2", "MODIFIED b1"]);
  await reader.close();
});

test("an object that stops matching is DELETED, one that begins to is ADDED", async () => {
  const version = await create("c1", { t: "in" });
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&labelSelector=t%3Din&resourceVersion=${version}`);
  await call("PATCH", `${ns}/configmaps/c1`, { ...merge, body: { metadata: { labels: { t: "out" } } } });
  await call("PATCH", `${ns}/configmaps/c1`, { ...merge, body: { metadata: { labels: { t: "in" } } } });
  expect(await reader.take(2)).toEqual(["DELETED c1", "ADDED c1"]);
  await reader.close();
});

test("of one object by fieldSelector sees no other", async () => {
  const version = await create("d1");
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&fieldSelector=metadata.name%3Dd3&resourceVersion=${version}`);
  await create("d2");
  await create("d3");
  expect(await reader.take(1)).toEqual(["ADDED d3"]);
  await reader.close();
});

test("with sendInitialEvents marks the end of them with a bookmark", async () => {
  await create("e1", { t: "initial" });
  const query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=t%3Dinitial";
  const reader = await WatchReader.open(`${ns}/configmaps?${query}`);
  expect((await reader.next())?.type).toBe("ADDED");
  const end = await reader.next();
  expect(end).toMatchObject({
    type: "BOOKMARK",
    object: { kind: "ConfigMap", apiVersion: "v1", metadata: { annotations: { "k8s.io/initial-events-end": "true" } } },
  });
  expect(Number(end?.object.metadata.resourceVersion)).toBeGreaterThan(0);
  await reader.close();
});

test("sendInitialEvents needs resourceVersionMatch", async () => {
  const { status, body } = await call("GET", `${ns}/configmaps?watch=1&sendInitialEvents=true`);
  expect(status).toBe(422);
  expect(body.message).toContain("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
});

test("as Table sends columns once and rows each time", async () => {
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
  const version = await create("f1");
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&resourceVersion=${version}`, { accept });
  await create("f2");
  await create("f3");
  const [first, second] = [await reader.next(), await reader.next()];
  expect(first?.object).toMatchObject({ kind: "Table", rows: [{ cells: ["f2", 0, expect.any(String)] }] });
  expect(first?.object["columnDefinitions"]).toHaveLength(3);
  expect(second?.object).toMatchObject({ columnDefinitions: null, rows: [{ object: { metadata: { name: "f3" } } }] });
  await reader.close();
});

test("as PartialObjectMetadata leaves out the data", async () => {
  const accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
  const version = await create("g1");
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&resourceVersion=${version}`, { accept });
  await call("PATCH", `${ns}/configmaps/g1`, { ...merge, body: { data: { x: "y" } } });
  const event = await reader.next();
  expect(event?.object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "g1" } });
  expect(event?.object.data).toBeUndefined();
  await reader.close();
});

test("ends after timeoutSeconds, cleanly", async () => {
  const version = await create("h1");
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&timeoutSeconds=1&resourceVersion=${version}`);
  expect(await reader.next()).toBeUndefined();
});

test("goes on over a restart of the store, without a gap", async () => {
  const version = await create("i0", { t: "restart" });
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&labelSelector=t%3Drestart&resourceVersion=${version}`);
  await create("i1", { t: "restart" });
  expect(await reader.take(1)).toEqual(["ADDED i1"]);
  await abortStore();
  await create("i2", { t: "restart" });
  await create("i3", { t: "restart" });
  expect(await reader.take(2)).toEqual(["ADDED i2", "ADDED i3"]);
  await reader.close();
});

/** As when the platform moves the object: everything in its memory, and every connection to it, is gone. */
async function abortStore(): Promise<void> {
  const stub = env.STORE.getByName("store");
  await runInDurableObject(stub, (_instance, state) => state.abort("test")).catch(() => undefined);
}

test("many writes side by side arrive once each, in the order of their revisions", async () => {
  const version = await create("j0", { t: "many" });
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&labelSelector=t%3Dmany&resourceVersion=${version}`);
  await Promise.all(Array.from({ length: 40 }, (_, at) => create(`j-${at}`, { t: "many" })));
  const versions: number[] = [];
  while (versions.length < 40) versions.push(Number((await reader.next())?.object.metadata.resourceVersion));
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  await reader.close();
});

test("of the old path, and of one object by it", async () => {
  const version = await create("k1");
  const reader = await WatchReader.open(`${ns.replace("/v1/", "/v1/watch/")}/configmaps/k2?resourceVersion=${version}`);
  await create("k3");
  await create("k2");
  expect(await reader.take(1)).toEqual(["ADDED k2"]);
  await reader.close();
});

test("initial events as new as a state that is still to come are refused in the stream", async () => {
  const query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=999999999";
  const reader = await WatchReader.open(`${ns}/configmaps?${query}`);
  expect(await reader.next()).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 504, reason: "Timeout" } });
});

test("from a state that was forgotten ends with 410", async () => {
  await env.DB.exec("UPDATE meta SET floor = rv");
  await abortStore();
  const reader = await WatchReader.open(`${ns}/configmaps?watch=1&resourceVersion=1`);
  expect(await reader.next()).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired", message: expect.stringContaining("too old resource version: 1 (") } });
  expect(await reader.next()).toBeUndefined();
});
