/** The database fails under a write: what a client is told, and that all goes on afterwards. */
import { applyD1Migrations, env, evictDurableObject, SELF } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import type { Status } from "../../../protocol/status.ts";
import { asAdmin, type Fetch } from "../fake-agent/fake-agent.ts";

const fetch: Fetch = (url, init) => SELF.fetch(url, init);
const path = "/api/v1/namespaces/default/configmaps";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

async function create(name: string): Promise<Status> {
  return (await asAdmin(fetch, path, { method: "POST", body: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } }) })).json();
}

test("a write whose outcome nobody knows is a Timeout, one that was not made is Service Unavailable, and the next one succeeds", async () => {
  expect(await create("before")).toMatchObject({ kind: "ConfigMap" });
  await env.DB.exec("ALTER TABLE meta RENAME TO lost");
  expect(await create("unknown")).toMatchObject({ kind: "Status", code: 504, reason: "Timeout" });
  expect(await create("refused")).toMatchObject({ kind: "Status", code: 503, reason: "ServiceUnavailable" });
  await env.DB.exec("ALTER TABLE lost RENAME TO meta");
  await evictDurableObject(env.STORE.getByName("store"));
  expect(await create("after")).toMatchObject({ kind: "ConfigMap" });
});
