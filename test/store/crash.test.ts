/**
 * The store at every point where it waits for its database or for someone that it wakes: the run is repeated once for
 * each point and each fault. Afterwards every acknowledged write is there, none is there twice, and everything has
 * come to rest, first by itself, then with nothing but the cron.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredObject, WriteOperation } from "../../worker/storage/store.ts";
import { type Fault, faults } from "./faults.ts";
import { expectSoundHistory } from "./invariants.ts";
import { create, remove, update } from "./objects.ts";
import { replicasOf, setOf, World, type WorldOptions } from "./world.ts";

const sets = { a: 3, b: 2 };

/** A client's morning. It repeats what failed for sure; of what may have failed it reads the outcome. */
async function script(world: World): Promise<void> {
  await ensure(world, "sets//a", () => setOf("a", 2, 1));
  await world.pause();
  await Promise.all([
    ensure(world, "sets//b", () => setOf("b", 2, 1)),
    ensure(world, "secrets/default/s", () => create("secrets/default/s", "hidden")),
    ensure(world, "services/default/x", () => ({ ...create("services/default/x", "x"), claims: [{ kind: "ip", value: "10.0.0.1" }] })),
  ]);
  await scale(world, "a", 3);
  await world.pause();
  await deleteOnePod(world, "b");
  await world.pause();
  await world.write({ operations: [{ ...create("services/default/y", "y"), claims: [{ kind: "ip", value: "10.0.0.1" }] }] });
}

async function read(world: World, key: string): Promise<StoredObject | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      return await world.call((store) => store.get(key));
    } catch {
      // The instance died; the next one answers.
    }
  }
  throw new Error(`cannot read ${key}`);
}

async function ensure(world: World, key: string, operation: () => WriteOperation): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await read(world, key) !== undefined) return;
    const answer = await world.write({ operations: [operation()] });
    if (answer?.results[0]?.ok === true) return;
  }
  throw new Error(`cannot create ${key}`);
}

async function scale(world: World, name: string, replicas: number): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const set = await read(world, `sets//${name}`);
    if (set === undefined) throw new Error(`${name} is lost`);
    if (replicasOf(set) === replicas) return;
    const { text, index } = setOf(name, replicas, attempt + 2);
    await world.write({ operations: [{ ...update(set.key, set.revision, "", index), text }] });
  }
  throw new Error(`cannot scale ${name}`);
}

async function deleteOnePod(world: World, name: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const page = await world.call((store) => store.list({ resource: "pods", term: `owner:${name}` }));
      const pod = "items" in page ? page.items[0] : undefined;
      if (pod === undefined) return;
      if (await world.write({ operations: [remove(pod.key, { revision: pod.revision })] })) return;
    } catch {
      // The instance died; the next one answers.
    }
  }
}

function podsOf(world: World, name: string): number {
  const rows = world.database.prepare("SELECT key FROM objects WHERE key LIKE ?").all(`pods/default/${name}-%`);
  return rows.length;
}

/** Every set has its pods, and nothing is unsettled. */
function isAtRest(world: World): boolean {
  const unsettled = world.database.prepare("SELECT count(*) AS count FROM objects WHERE idx ->> 'isSettled' = 0").get();
  return unsettled?.["count"] === 0 && Object.entries(sets).every(([name, replicas]) => podsOf(world, name) === replicas);
}

/** No moment of the history had more pods of a set than it ever wanted. */
function expectNeverTooMany(world: World): void {
  const rows = world.database.prepare("SELECT key, type FROM versions WHERE key LIKE 'pods/%' ORDER BY rv").all();
  for (const [name, replicas] of Object.entries(sets)) {
    let count = 0;
    for (const { key, type } of rows) {
      if (!String(key).startsWith(`pods/default/${name}-`)) continue;
      count += type === "ADDED" ? 1 : type === "DELETED" ? -1 : 0;
      expect(count, `pods of ${name}`).toBeLessThanOrEqual(replicas);
    }
  }
}

function expectOneOwnerEach(world: World): void {
  const rows = world.database.prepare("SELECT value, owner FROM allocations").all().map((row) => ({ ...row }));
  expect(rows).toEqual([{ value: "10.0.0.1", owner: "services/default/x" }]);
  expect(world.database.prepare("SELECT key FROM objects WHERE key = 'services/default/y'").get()).toBeUndefined();
}

/** Nothing brings all to rest but the store's own wakes; a client that reads keeps an instance running. */
async function settleAlone(world: World): Promise<void> {
  for (let reads = 0; reads < 12 && !isAtRest(world); reads++) {
    await world.clock.resolve(world.call((store) => store.list({ resource: "sets" })).catch(() => undefined));
    await world.clock.runUntil(() => isAtRest(world)).catch(() => undefined);
  }
}

/** As production: the cron looks at meta every minute, and calls the store when it is due. */
async function settleByCron(world: World): Promise<void> {
  for (let minute = 0; minute < 30 && !isAtRest(world); minute++) {
    world.clock.advance(60_000);
    const meta = world.database.prepare("SELECT due_at FROM meta").get();
    const dueAt = meta?.["due_at"];
    if (typeof dueAt !== "number" || dueAt > world.clock.now()) continue;
    await world.clock.resolve(world.call((store) => store.maintain()).catch(() => undefined));
  }
}

/** The invariants look at every version. */
const nothingCompacted = { windowMs: 1e12, versions: 1e9 };

async function run(options: WorldOptions, settle: (world: World) => Promise<void>): Promise<World> {
  const world = new World({ history: nothingCompacted, ...options });
  await world.clock.resolve(script(world));
  world.dropsWakes = false;
  await settle(world);
  expect(isAtRest(world), "everything has come to rest").toBe(true);
  expectSoundHistory(world.database, world.attempts);
  expectNeverTooMany(world);
  expectOneOwnerEach(world);
  return world;
}

async function everyPoint(fault: Fault, options: WorldOptions, settle: (world: World) => Promise<void>): Promise<number> {
  for (let at = 1;; at++) {
    let world: World;
    try {
      world = await run({ ...options, plans: [{ at, fault }] }, settle);
    } catch (error) {
      throw new Error(`at point ${at}`, { cause: error });
    }
    if (world.faults.count < at) return at - 1;
  }
}

describe("at each point of a run", () => {
  for (const fault of faults) {
    it(`${fault}: nothing is lost or doubled, and all comes to rest without the cron`, { timeout: 120_000 }, async () => {
      expect(await everyPoint(fault, {}, settleAlone)).toBeGreaterThan(20);
    });

    it(`${fault}, and no wake arrives: the cron alone brings all to rest`, { timeout: 120_000 }, async () => {
      expect(await everyPoint(fault, { dropsWakes: true }, settleByCron)).toBeGreaterThan(10);
    });
  }
});

describe("with several faults in one run", () => {
  const plans = fc.uniqueArray(fc.record({ at: fc.integer({ min: 1, max: 60 }), fault: fc.constantFrom(...faults) }), { maxLength: 4, selector: ({ at }) => at });

  it("nothing is lost or doubled, and all comes to rest without the cron", { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(plans, async (each) => void (await run({ plans: each }, settleAlone))), { numRuns: 200 });
  });

  it("and no wake arrives: the cron alone brings all to rest", { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(plans, async (each) => void (await run({ plans: each, dropsWakes: true }, settleByCron))), { numRuns: 200 });
  });
});
