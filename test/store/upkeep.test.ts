/** What the cron is there for: lost wakes, what expires, compaction; and that it costs nothing while nothing is due. */
import { describe, expect, it } from "vitest";
import type { Change, StorePolicy } from "../../worker/storage/store.ts";
import { create, remove, update } from "./objects.ts";
import { openStore, type SingleStore } from "./single-store.ts";
import { policy } from "./world.ts";

const minute = 60_000;
const hour = 60 * minute;

const dueAt = ({ database }: SingleStore) => database.prepare("SELECT due_at FROM meta").get()?.["due_at"];
const floorOf = ({ database }: SingleStore) => database.prepare("SELECT floor FROM meta").get()?.["floor"];
const revisions = ({ database }: SingleStore) => database.prepare("SELECT rv FROM versions ORDER BY rv").all().map((row) => row["rv"]);

/** One minute of the cron, as ../../worker/cron.ts does it. */
async function cron(store: SingleStore): Promise<boolean> {
  const due = dueAt(store);
  if (typeof due !== "number" || due > store.clock.now()) return false;
  await store.wait(store.core.maintain());
  return true;
}

async function minutes(store: SingleStore, count: number): Promise<number> {
  let calls = 0;
  await settle(store);
  for (let passed = 0; passed < count; passed++) {
    store.clock.advance(minute);
    if (await cron(store)) calls += 1;
    await settle(store);
  }
  return calls;
}

/** What was to happen at once has happened. */
function settle({ clock, wait }: SingleStore): Promise<void> {
  return wait(new Promise<void>((resolve) => {
    clock.after(1, resolve);
  }));
}

describe("a lost wake", () => {
  const wakesOf = ({ key }: Change) => [`workload/${key}`];
  const scopesOf = () => [];

  it("is made up for while its object is unsettled, ever more rarely, and not for objects that are settled", async () => {
    const woken: number[] = [];
    const store = openStore({
      policy: { wakesOf, scopesOf },
      wake: async (target) => {
        if (target === "workload/sets//a") woken.push(store.clock.now());
      },
    });
    await store.wait(store.core.write({ operations: [create("sets//a", "", { isSettled: false }), create("sets//b")] }));
    const start = store.clock.now();
    await minutes(store, 120);
    const after = woken.map((at) => Math.round((at - start) / minute));
    expect(after[0]).toBe(0);
    expect(after[1]).toBe(1);
    const gaps = after.slice(2).map((at, position) => at - (after[position + 1] ?? 0));
    expect(gaps.every((gap, position) => position === 0 || gap >= (gaps[position - 1] ?? 0))).toBe(true);
    expect(after.length).toBeLessThan(12);
    expect(after.at(-1)).toBeGreaterThan(60);
  });

  it("is made up for as rarely if each minute has an instance of its own, and an idle instance does not load for it", async () => {
    const woken: number[] = [];
    const store = openStore({
      policy: { wakesOf, scopesOf },
      wake: async () => {
        woken.push(store.clock.now());
      },
    });
    await store.wait(store.core.write({ operations: [create("sets//a", "", { isSettled: false })] }));
    const start = store.clock.now();
    for (let passed = 0; passed < 180; passed++) {
      await minutes(store, 1);
      store.core = store.another();
      // Somebody reads just when it would have been due.
      if (passed % 7 === 0) await store.wait(store.core.list({ resource: "sets" }));
    }
    const after = woken.map((at) => Math.round((at - start) / minute));
    expect(after.slice(0, 4)).toEqual([0, 1, 2, 4]);
    expect(after.length).toBeLessThan(14);
    expect(after.at(-1)).toBeGreaterThan(145);
  });

  it("is not looked for any more once the object is settled or gone", async () => {
    const store = openStore({ policy: { wakesOf, scopesOf } });
    await store.wait(store.core.write({ operations: [create("sets//a", "", { isSettled: false }), create("sets//b", "", { isSettled: false })] }));
    await store.wait(store.core.write({ operations: [update("sets//a", 2), remove("sets//b")] }));
    await minutes(store, 10);
    expect(dueAt(store)).toBeNull();
  });
});

describe("a lost wake of somebody whose object is never unsettled", () => {
  /** Pods concern the one service; nothing of it is stored. */
  const services: StorePolicy = {
    wakesOf: () => [],
    scopesOf: () => [],
    confirmations: { concerns: (key) => key.startsWith("pods/"), targetsOf: () => ["workload/services/default/web"] },
  };
  const watched = (woken: number[]) => ({
    policy: services,
    wake: async () => {
      woken.push(0);
    },
  });

  it("is made up for once after a change, and then there is nothing left to do", async () => {
    const woken: number[] = [];
    const store = openStore(watched(woken));
    await store.wait(store.core.write({ operations: [create("pods/default/a"), create("pods/default/b")] }));
    await minutes(store, 20);
    expect(woken).toHaveLength(1);
    expect(dueAt(store)).toBeNull();
  });

  it("is made up for after a deletion, too", async () => {
    const woken: number[] = [];
    const store = openStore(watched(woken));
    await store.wait(store.core.write({ operations: [create("pods/default/a")] }));
    await minutes(store, 2);
    await store.wait(store.core.write({ operations: [remove("pods/default/a")] }));
    await minutes(store, 2);
    expect(woken).toHaveLength(2);
  });

  it("is made up for by an instance that was not there when it was lost", async () => {
    const woken: number[] = [];
    const store = openStore(watched(woken));
    await store.wait(store.core.write({ operations: [create("pods/default/a"), create("configmaps/default/c")] }));
    store.core = store.another();
    await minutes(store, 5);
    expect(woken).toHaveLength(1);
  });

  it("is made up for when the wake itself kept failing", async () => {
    let failures = 0;
    let isReached = false;
    const store = openStore({
      policy: { wakesOf: ({ key }) => [`workload/${key}`], scopesOf: () => [] },
      wake: () => {
        if (failures < 7) return Promise.reject(new Error(`unreachable ${++failures}`));
        isReached = true;
        return Promise.resolve();
      },
    });
    await store.wait(store.core.write({ operations: [create("services/default/web")] }));
    await minutes(store, 5);
    expect([failures, isReached]).toEqual([7, true]);
  });
});

describe("an event", () => {
  it("is deleted an hour after it was last written, and watchers see it", async () => {
    const store = openStore({ policy });
    await store.wait(store.core.write({ operations: [create("events/default/old"), create("events/default/kept"), create("configmaps/default/c")] }));
    store.clock.advance(hour / 2);
    await store.wait(store.core.write({ operations: [update("events/default/kept", 3)] }));
    const seen: string[] = [];
    await store.wait(store.core.watch({ send: (message) => seen.push(message), close: () => undefined }, { resource: "events" }, 5));
    await minutes(store, 31);
    const page = await store.wait(store.core.listMany([{ resource: "events" }, { resource: "configmaps" }]));
    expect(page.map(({ items }) => items.map(({ key }) => key))).toEqual([["events/default/kept"], ["configmaps/default/c"]]);
    expect(seen.join()).toContain('["DELETED","events/default/old"');
  });

  it("is found by an instance that was not there when it was written", async () => {
    const store = openStore({ policy });
    await store.wait(store.core.write({ operations: [create("events/default/old")] }));
    store.core = store.another();
    await minutes(store, 61);
    expect(store.database.prepare("SELECT key FROM objects").all()).toEqual([]);
  });
});

describe("compaction", () => {
  /** Ten versions of one key, another that is deleted, one that stays: 2 … 14. */
  async function history(store: SingleStore): Promise<void> {
    await store.wait(store.core.write({ operations: [create("pods/a/x"), create("pods/a/gone"), create("pods/a/still")] }));
    for (let revision = 2; revision < 12; revision++) {
      const current = revision === 2 ? 2 : revision + 2;
      await store.wait(store.core.write({ operations: [update("pods/a/x", current)] }));
    }
    await store.wait(store.core.write({ operations: [remove("pods/a/gone")] }));
  }

  it("leaves the window of history alone", async () => {
    const store = openStore();
    await history(store);
    await minutes(store, 4);
    expect(revisions(store)).toHaveLength(14);
    expect(floorOf(store)).toBe(1);
  });

  it("leaves after the window what is current, and one who asks for less is told that it expired", async () => {
    const store = openStore();
    await history(store);
    await minutes(store, 12);
    expect(revisions(store)).toEqual([4, 14]);
    expect(floorOf(store)).toBe(15);
    const wanted = { expired: true, floor: 15, revision: 15 };
    expect(await store.wait(store.core.list({ resource: "pods", atRevision: 14 }))).toEqual(wanted);
    expect(await store.wait(store.core.changes([{ resource: "pods", since: 14 }]))).toEqual(wanted);
    const seen: string[] = [];
    await store.wait(store.core.watch({ send: (message) => seen.push(message), close: (code) => seen.push(`closed ${code}`) }, { resource: "pods" }, 14));
    expect(seen).toEqual(["X15", "closed 1013"]);
    expect(await store.wait(store.core.list({ resource: "pods", atRevision: 15 }))).toMatchObject({ items: [{ revision: 4 }, { revision: 14 }] });
  });

  it("then leaves the cron nothing to do, and writes nothing any more", async () => {
    const store = openStore();
    await history(store);
    await minutes(store, 12);
    expect(dueAt(store)).toBeNull();
    const { rowsWritten } = await store.core.stats();
    expect(await minutes(store, 60)).toBe(0);
    expect((await store.core.stats()).rowsWritten).toBe(rowsWritten);
  });

  it("never passes a wake that was not acknowledged", async () => {
    let isStuck = true;
    const store = openStore({
      policy: { wakesOf: ({ revision }) => (revision === 6 ? ["stuck"] : []), scopesOf: () => [] },
      wake: () => (isStuck ? new Promise(() => undefined) : Promise.resolve()),
    });
    await history(store);
    await minutes(store, 6);
    expect(floorOf(store)).toBeLessThan(6);
    isStuck = false;
    await minutes(store, 15);
    expect(floorOf(store)).toBe(15);
  });

  it("keeps no more versions than are wanted, riding on commits", async () => {
    const store = openStore({ history: { windowMs: hour, versions: 50 } });
    await store.wait(store.core.write({ operations: [create("pods/a/x")] }));
    for (let revision = 2; revision < 1_500; revision++) {
      await store.wait(store.core.write({ operations: [update("pods/a/x", revision)] }));
      if (revision % 10 === 0) await settle(store);
    }
    // One step beyond what is kept, and what came until it rode along.
    expect(revisions(store).length).toBeLessThan(600);
    expect(revisions(store).length).toBeGreaterThan(50);
  });

  it("costs one row a version: a create, updates and a deletion take 3 rows an operation, and 1 a commit", async () => {
    const store = openStore({ history: { windowMs: minute, versions: 1_000 } });
    const count = 40;
    for (let at = 0; at < count; at++) {
      const [made] = (await store.wait(store.core.write({ operations: [create(`pods/a/p${at}`)] }))).results;
      const first = made?.ok === true ? made.revision : 0;
      await store.wait(store.core.write({ operations: [update(`pods/a/p${at}`, first)] }));
      await store.wait(store.core.write({ operations: [remove(`pods/a/p${at}`)] }));
    }
    await minutes(store, 10);
    const { rowsWritten, operations, commits } = await store.core.stats();
    expect(operations).toBe(3 * count);
    expect(revisions(store)).toEqual([]);
    // The start took the epoch: one row.
    expect(rowsWritten).toBe(3 * operations + commits + 1);
  });
});
