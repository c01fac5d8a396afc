/** The Store Durable Object: what outlives an instance, and what a watcher sees of its end. */
import { applyD1Migrations, createScheduledController, env, evictDurableObject, reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduled } from "../../worker/cron.ts";
import type { Store } from "../../worker/storage/store.ts";
import { connectWatch, type WatchBatch, type WatchFeed, type WatchRequest } from "../../worker/storage/watch.ts";
import { create, remove, update } from "../store/objects.ts";

const stub = () => env.STORE.getByName("store");
/** RPC wraps results in types of its own that add nothing here. */
const store = () => stub() as unknown as Store;
const feeds: WatchFeed[] = [];

async function write(...operations: Parameters<Store["write"]>[0]["operations"]): Promise<number> {
  const { results, revision } = await store().write({ operations });
  for (const result of results) expect(result.ok).toBe(true);
  return revision;
}

async function open(request: WatchRequest): Promise<WatchFeed> {
  const feed = await connectWatch(stub())(request);
  feeds.push(feed);
  return feed;
}

/** The next batches' events, progress left out. */
async function nextEvents(feed: WatchFeed): Promise<string[]> {
  for (;;) {
    const batch: WatchBatch | undefined = await feed.next();
    if (batch === undefined || batch.type === "expired") return [batch?.type ?? "ended"];
    if (batch.type === "events") return batch.events.map(({ type, key, revision }) => `${type} ${key} ${revision}`);
  }
}

async function nextProgress(feed: WatchFeed): Promise<number | undefined> {
  for (;;) {
    const batch = await feed.next();
    if (batch === undefined || batch.type === "progress") return batch?.revision;
  }
}

const dueAt = async () => (await env.DB.prepare("SELECT due_at FROM meta").first<{ due_at: number | null }>())?.due_at;

beforeEach(async () => {
  await reset();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

afterEach(() => {
  for (const feed of feeds.splice(0)) feed.close();
});

describe("an instance that was evicted", () => {
  it("leaves everything to the next one, which starts a new epoch", async () => {
    await write(create("configmaps/default/a", "1"), create("secrets/default/s", "hidden"));
    const before = await store().describe();
    await evictDurableObject(stub());
    await write(update("configmaps/default/a", 2, "2"));
    await evictDurableObject(stub());
    const page = await store().list({ resource: "configmaps" });
    expect(page).toMatchObject({ revision: 4, items: [{ key: "configmaps/default/a", revision: 4 }] });
    expect((await store().describe()).epoch).toBe(before.epoch + 2);
    expect((await store().get("secrets/default/s"))?.text).toContain("hidden");
  });

  it("is not started anew, and writes no epoch, for a few reads", async () => {
    await write(create("configmaps/default/a", "1"));
    const { epoch, revision } = await store().describe();
    await evictDurableObject(stub());
    expect((await store().get("configmaps/default/a"))?.revision).toBe(2);
    expect(await store().changes([{ resource: "configmaps", since: revision }])).toEqual({ revision, events: [[]] });
    expect(await store().describe()).toMatchObject({ epoch, revision });
  });

  it("leaves the history: changes since, and lists at a past revision, come from D1", async () => {
    await write(create("configmaps/default/a", "1"));
    await write(update("configmaps/default/a", 2, "2"), create("configmaps/default/b"));
    await write(remove("configmaps/default/a"));
    await evictDurableObject(stub());
    const changes = await store().changes([{ resource: "configmaps", since: 2 }]);
    if ("expired" in changes) throw new Error("expired");
    expect(changes.events[0]?.map(({ type, revision }) => [type, revision])).toEqual([["MODIFIED", 3], ["ADDED", 4], ["DELETED", 5]]);
    const past = await store().list({ resource: "configmaps", atRevision: 3 });
    expect(past).toMatchObject({ revision: 3, items: [{ key: "configmaps/default/a", revision: 3 }] });
  });
});

describe("a watch", () => {
  it("replays what came after its revision, then follows, without gap or double", async () => {
    await write(create("configmaps/default/a"));
    await write(create("configmaps/default/b"), create("widgets/default/p"));
    const feed = await open({ resource: "configmaps", since: 2 });
    expect(await nextEvents(feed)).toEqual(["ADDED configmaps/default/b 3"]);
    expect(await nextProgress(feed)).toBe(4);
    await write(create("configmaps/default/c"));
    await write(remove("configmaps/default/a"));
    expect([...await nextEvents(feed), ...await nextEvents(feed)]).toEqual(["ADDED configmaps/default/c 5", "DELETED configmaps/default/a 6"]);
  });

  it("goes on after its instance was evicted with the socket hibernating", async () => {
    const revision = await write(create("configmaps/default/a"));
    const feed = await open({ resource: "configmaps", since: revision });
    expect(await nextProgress(feed)).toBe(revision);
    await write(create("configmaps/default/b"));
    expect(await nextEvents(feed)).toEqual(["ADDED configmaps/default/b 3"]);
    for (let turn = 0; turn < 3; turn++) {
      await evictDurableObject(stub(), { webSockets: "hibernate" });
      const next = await write(create(`configmaps/default/after-${turn}`));
      expect(await nextEvents(feed)).toEqual([`ADDED configmaps/default/after-${turn} ${next}`]);
    }
  });

  it("is told of progress by an evicted instance that stays cold if there is no news", async () => {
    const revision = await write(create("configmaps/default/a"));
    const { epoch } = await store().describe();
    const feed = await open({ resource: "configmaps", since: revision });
    expect(await nextProgress(feed)).toBe(revision);
    await evictDurableObject(stub(), { webSockets: "hibernate" });
    feed.progress();
    expect(await nextProgress(feed)).toBe(revision);
    expect((await store().describe()).epoch).toBe(epoch);
  });

  it("shows an object that stops matching as deleted, one that begins as added", async () => {
    const revision = await write(create("widgets/default/a", "", { labels: { app: "x" } }));
    const feed = await open({ resource: "widgets", labels: [{ key: "app", operator: "In", values: ["x"] }], since: revision });
    await write(update("widgets/default/a", 2, "", { labels: { app: "y" } }));
    expect(await nextEvents(feed)).toEqual(["DELETED widgets/default/a 3"]);
    await write(update("widgets/default/a", 3, "", { labels: { app: "x" } }));
    expect(await nextEvents(feed)).toEqual(["ADDED widgets/default/a 4"]);
  });

  it("ends when its instance is gone with its sockets", async () => {
    const feed = await open({ resource: "configmaps", since: await write(create("configmaps/default/a")) });
    expect(await nextProgress(feed)).toBe(2);
    await evictDurableObject(stub(), { webSockets: "close" });
    expect(await feed.next()).toBeUndefined();
  });
});

describe("the cron", () => {
  const minutes = (count: number) => createScheduledController({ scheduledTime: Date.now() + count * 60_000, cron: "* * * * *" });

  it("does not call the store, and writes nothing, while nothing is due", async () => {
    const before = await store().stats();
    await scheduled(minutes(60 * 24), env);
    const { rowsWritten, rowsRead, queries } = await store().stats();
    expect({ rowsWritten, rowsRead, queries }).toEqual({ rowsWritten: before.rowsWritten, rowsRead: before.rowsRead + 1, queries: before.queries + 1 });
    expect((await store().describe()).epoch).toBe(0);
  });

  it("notes when it has to come, and after it came there is nothing left to come for", async () => {
    await write(create("configmaps/default/a"));
    expect(await dueAt()).toEqual(expect.any(Number));
    await scheduled(minutes(60), env);
    // The window of history has not passed for the store's own clock: only that is left.
    const left = await dueAt();
    await scheduled(minutes(0), env);
    expect(await dueAt()).toBe(left);
  });
});
