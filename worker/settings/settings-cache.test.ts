import { describe, expect, test } from "vitest";
import { settingResources } from "../resources/settings.ts";
import type { ChangedLists } from "../storage/store.ts";
import { SettingsCache, type SettingsStore } from "./settings-cache.ts";
import { derived, type Settings } from "./settings.ts";

const classes = "priorityclasses.scheduling.k8s.io";

/** A store of priority classes only, as the real one answers. */
class FakeStore implements SettingsStore {
  clusterUid = "one";
  revision = 1;
  changedAt = 1;
  names: string[] = [];
  questions = 0;

  add(name: string): void {
    this.names.push(name);
    this.changedAt = this.revision += 1;
  }

  changedLists(held: Record<string, number>): Promise<ChangedLists> {
    this.questions += 1;
    const isStale = (since: number, changedAt: number) => since > this.revision || changedAt > since;
    const texts = this.names.map((name) => ({ key: `${classes}//${name}`, revision: 1, text: JSON.stringify({ metadata: { name } }) }));
    const changed = Object.entries(held).filter(([resource, since]) => isStale(since, resource === classes ? this.changedAt : 1));
    const lists = Object.fromEntries(changed.map(([resource]) => [resource, resource === classes ? texts : []]));
    return Promise.resolve({ clusterUid: this.clusterUid, revision: this.revision, lists });
  }
}

const namesIn = (settings: Settings) => settings.list(classes).map(({ metadata }) => metadata.name);

function setUp() {
  const store = new FakeStore();
  const clock = { now: 0 };
  return { store, clock, cache: new SettingsCache(() => clock.now) };
}

describe("the settings of an isolate", () => {
  test("are asked for once a second", async () => {
    const { store, clock, cache } = setUp();
    await cache.current(store);
    store.add("gold");
    expect(namesIn(await cache.current(store))).toEqual([]);
    expect(store.questions).toBe(1);
    clock.now = 1_000;
    expect(namesIn(await cache.current(store))).toEqual(["gold"]);
    expect(store.questions).toBe(2);
  });

  test("are asked for at once after a write of its own, and not after one of another kind", async () => {
    const { store, cache } = setUp();
    await cache.current(store);
    store.add("gold");
    cache.noteWrite("pods/default/a");
    expect(namesIn(await cache.current(store))).toEqual([]);
    cache.noteWrite(`${classes}//gold`);
    expect(namesIn(await cache.current(store))).toEqual(["gold"]);
  });

  test("are old when a write came between question and answer", async () => {
    const { store, cache } = setUp();
    const first = cache.current(store);
    store.add("gold");
    cache.noteWrite(`${classes}//gold`);
    await first;
    expect(namesIn(await cache.current(store))).toEqual(["gold"]);
  });

  test("are asked for by nobody else while the first one waits", async () => {
    const { store, clock, cache } = setUp();
    await cache.current(store);
    clock.now = 5_000;
    await Promise.all([cache.current(store), cache.current(store), cache.current(store)]);
    expect(store.questions).toBe(2);
  });

  test("are asked for again by the next one when the store did not answer", async () => {
    const { store, cache } = setUp();
    await expect(cache.current({ changedLists: () => Promise.reject(new Error("no")) })).rejects.toThrow("no");
    expect(namesIn(await cache.current(store))).toEqual([]);
  });

  test("are the other cluster's when the database is another one", async () => {
    const { store, clock, cache } = setUp();
    store.add("gold");
    await cache.current(store);
    store.clusterUid = "two";
    store.names = ["silver"];
    clock.now = 1_000;
    expect(namesIn(await cache.current(store))).toEqual(["silver"]);
  });

  test("go back with a database that was restored", async () => {
    const { store, clock, cache } = setUp();
    store.add("gold");
    await cache.current(store);
    Object.assign(store, { revision: 1, changedAt: 1, names: [] });
    clock.now = 1_000;
    expect(namesIn(await cache.current(store))).toEqual([]);
  });

  test("keep a list's identity until it changes, so that what is derived is computed once", async () => {
    const { store, clock, cache } = setUp();
    let computed = 0;
    const count = derived([classes], (settings) => ((computed += 1), settings.list(classes).length));
    expect(count(await cache.current(store))).toBe(0);
    clock.now = 1_000;
    expect(count(await cache.current(store))).toBe(0);
    expect(computed).toBe(1);
    store.add("gold");
    clock.now = 2_000;
    expect(count(await cache.current(store))).toBe(1);
    expect(computed).toBe(2);
    expect(settingResources).toContain(classes);
  });
});
