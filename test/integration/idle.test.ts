/** What an idle cluster costs: polls and the cron leave an evicted store alone. */
import { applyD1Migrations, createScheduledController, env, evictDurableObject, SELF } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import type { PollResponse } from "../../protocol/agent.ts";
import { scheduled } from "../../worker/cron.ts";
import type { Store } from "../../worker/storage/store.ts";
import { asAdmin, FakeAgent, type Fetch } from "./fake-agent/fake-agent.ts";

const fetch: Fetch = (url, init) => SELF.fetch(url, init);
/** RPC wraps results in types of its own that add nothing here. */
const store = () => env.STORE.getByName("store") as unknown as Store;

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

/** What the work cost D1. An evicted store answers nothing without asking D1, so no query means: it was not asked. */
async function costOf(work: () => Promise<void>): Promise<{ queries: number; rowsRead: number; rowsWritten: number }> {
  const before = await store().stats();
  await evictDurableObject(env.STORE.getByName("store"));
  await work();
  const after = await store().stats();
  return {
    queries: after.queries - before.queries,
    rowsRead: after.rowsRead - before.rowsRead,
    rowsWritten: after.rowsWritten - before.rowsWritten,
  };
}

/** An agent that has seen everything, and a store that has told everything. */
async function settled(name: string): Promise<{ agent: FakeAgent; last: PollResponse }> {
  const agent = await FakeAgent.join(fetch, name);
  let last = await agent.poll();
  await expect.poll(async () => {
    last = await agent.poll({ since: last.revision, epoch: last.epoch });
    return [(await store().stats()).pendingWakes, (await store().describe()).revision - last.revision];
  }, { timeout: 10_000 }).toEqual([0, 0]);
  return { agent, last };
}

test("polls without news ask the store nothing", async () => {
  const { agent, last } = await settled("idle-1");
  let end: Promise<void> | undefined;
  const cost = await costOf(async () => {
    let waiting = agent.poll({ since: last.revision, epoch: last.epoch, wait: true });
    for (let poll = 0; poll < 4; poll++) {
      const next = agent.poll({ since: last.revision, epoch: last.epoch, wait: true });
      expect(await waiting).toMatchObject({ complete: false, pods: [], removed: [], revision: last.revision });
      waiting = next;
    }
    end = expect(waiting).rejects.toThrow("401");
  });
  expect(cost).toEqual({ queries: 0, rowsRead: 0, rowsWritten: 0 });
  await asAdmin(fetch, "/kedge/v1/nodes/idle-1/agent", { method: "DELETE" });
  await end;
});

test("they do not even after the hub was evicted", async () => {
  const { agent, last } = await settled("idle-2");
  const cost = await costOf(async () => {
    await evictDurableObject(env.NODE_HUB.getByName("hub"));
    const waiting = agent.poll({ since: last.revision, epoch: last.epoch, wait: true });
    const next = new AbortController();
    const superseding = agent.request("/kedge/v1/nodes/idle-2/poll", {
      method: "POST", signal: next.signal, body: JSON.stringify({ since: last.revision, session: agent.session, epoch: last.epoch, wait: true }),
    });
    await waiting;
    next.abort();
    await superseding.catch(() => undefined);
  });
  expect(cost).toEqual({ queries: 0, rowsRead: 0, rowsWritten: 0 });
});

test("an idle minute of the cron reads one row", async () => {
  const cost = await costOf(() => scheduled(createScheduledController(), env));
  expect(cost).toEqual({ queries: 1, rowsRead: 1, rowsWritten: 0 });
});
