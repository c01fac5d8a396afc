import { env, evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { call, prepare, send, type Json } from "../http/api.ts";
import { created, freshNamespace } from "./harness.ts";

beforeAll(prepare);

const total = 40;
const limit = 9;

/** Many objects of a kind that nobody else makes here. */
async function many(name: string): Promise<string> {
  const space = await freshNamespace(name);
  for (let at = 0; at < total; at += 1) await created(`${space}/secrets`, { metadata: { name: nameOf(at) } });
  return `${space}/secrets`;
}

const nameOf = (at: number) => `template-${String(at).padStart(4, "0")}`;
const namesIn = ({ items }: Json) => items.map(({ metadata }) => metadata.name);

async function page(path: string, token = ""): Promise<Json> {
  const { status, body, text } = await call("GET", `${path}?limit=${limit}${token === "" ? "" : `&continue=${token}`}`);
  if (status !== 200) throw new Error(text);
  return body;
}

/** All pages after one; each says how many remain, and is of the same moment. */
async function rest(path: string, first: Json, seen: number): Promise<string[]> {
  const names: string[] = [];
  for (let current = first; current.metadata.continue !== undefined;) {
    expect(current.metadata.remainingItemCount).toBe(total - seen - names.length);
    current = await page(path, current.metadata.continue);
    expect(current.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(current.items.length).toBeLessThanOrEqual(limit);
    names.push(...namesIn(current));
  }
  return names;
}

/** As if more had been written than history reaches back. */
async function forgetHistory(): Promise<void> {
  await env.DB.exec("UPDATE meta SET floor = rv");
  await evictDurableObject(env.STORE.getByName("store"));
}

describe("chunks", () => {
  it("API Chunking, server should return chunks of results for list calls", async () => {
    const path = await many("chunks");
    const first = await page(path);
    expect(namesIn(first)).toHaveLength(limit);
    const names = [...namesIn(first), ...(await rest(path, first, limit))];
    expect(names).toEqual(Array.from({ length: total }, (_, at) => nameOf(at)));
    const { body } = await call("GET", path);
    expect([body.items.length, body.metadata.continue, body.metadata.remainingItemCount]).toEqual([total, undefined, undefined]);
  });

  it("API Chunking, server should support continue listing from the last key even if the original version has been compacted away", async () => {
    const path = await many("compacted");
    const first = await page(path);
    await created(path, { metadata: { name: "zz-later" } });
    await forgetHistory();
    const expired = await call("GET", `${path}?limit=${limit}&continue=${first.metadata.continue}`);
    expect(expired.body).toMatchObject({ kind: "Status", status: "Failure", code: 410, reason: "Expired" });
    const token = expired.body.metadata.continue ?? "";
    const second = await page(path, token);
    expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
    expect(namesIn(second)).toEqual(Array.from({ length: limit }, (_, at) => nameOf(limit + at)));
    // One more than when it began.
    const names: string[] = [];
    for (let current = second; current.metadata.continue !== undefined;) {
      expect(current.metadata.remainingItemCount).toBe(total + 1 - 2 * limit - names.length);
      current = await page(path, current.metadata.continue);
      expect(current.metadata.resourceVersion).toBe(second.metadata.resourceVersion);
      names.push(...namesIn(current));
    }
    expect(names).toEqual([...Array.from({ length: total - 2 * limit }, (_, at) => nameOf(2 * limit + at)), "zz-later"]);
  });
});

describe("tables", () => {
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";

  it("API metadata HTTP return", async () => {
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token: "x" } };
    const { status, body: answer } = await call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { accept, body });
    expect([status, answer.reason]).toEqual([406, "NotAcceptable"]);
  });

  it("come in chunks like any list", async () => {
    const path = await many("table-chunks");
    const first = await call<Json & { rows: unknown[] }>("GET", `${path}?limit=${limit}`, { accept });
    expect([first.body.rows.length, first.body.metadata.remainingItemCount]).toEqual([limit, total - limit]);
    const second = await call<Json & { rows: { cells: unknown[] }[] }>("GET", `${path}?limit=${limit}&continue=${first.body.metadata.continue}`, { accept });
    expect(second.body.rows[0]?.cells[0]).toBe(nameOf(limit));
  });
});

describe("discovery", () => {
  it("Aggregated Discovery Endpoint Accept Headers", async () => {
    const type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    for (const path of ["/api", "/apis"]) {
      const response = await send("GET", path, { accept: type });
      expect([response.headers.get("content-type"), (await response.json<Json>()).apiVersion]).toEqual([type, "apidiscovery.k8s.io/v2"]);
    }
  });

  it("Discovery, confirm the PreferredVersion for each api group", async () => {
    const groups = (await call("GET", "/apis")).body["groups"] as { name: string; versions: unknown[]; preferredVersion: unknown }[];
    expect(groups.length).toBeGreaterThan(3);
    for (const { name, versions, preferredVersion } of groups) {
      expect(versions).toContainEqual(preferredVersion);
      expect((await call("GET", `/apis/${name}`)).body["preferredVersion"]).toEqual(preferredVersion);
    }
  });
});
