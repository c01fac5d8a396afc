import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { apply } from "./apply.ts";
import { compare } from "./compare.ts";
import { conflictMessage } from "./conflicts.ts";
import { difference, emptySet, hasPath, intersection, isEmpty, pathsOf, type FieldSet } from "./field-set.ts";
import { ownedByNobody } from "./ignored.ts";
import type { ManagerEntry } from "./managers.ts";
import { statedPaths } from "./paths.ts";
import { config, shape, writer, type Thing } from "./testing.ts";
import { track } from "./track.ts";

interface World {
  live: Thing;
  entries: readonly ManagerEntry[];
}

const nothing: World = { live: {}, entries: [] };

function applied({ live, entries }: World, manager: string, said: Thing, isForced = true, second = 0): World | string {
  const result = apply(shape, { live, config: said, entries, applier: writer(manager, "Apply", second), mayTake: isForced ? "all" : emptySet });
  return result.ok ? { live: result.object, entries: result.entries } : conflictMessage(result.conflicts);
}

/** As `applied`, where no conflict is possible. */
function forced(world: World, manager: string, said: Thing, second = 0): World {
  const result = applied(world, manager, said, true, second);
  if (typeof result === "string") throw new Error(result);
  return result;
}

function updated({ live, entries }: World, manager: string, after: Thing): World {
  return { live: after, entries: track(shape, entries, { before: live, after }, writer(manager, "Update")) };
}

const thing = (fields: Thing): Thing => ({ kind: "thing", metadata: { name: "t" }, ...fields });
const isApplier = (manager: string) => (entry: ManagerEntry) => entry.manager === manager && entry.operation === "Apply";
const appliedBy = ({ entries }: World, manager: string): FieldSet => entries.find(isApplier(manager))?.fieldsV1 ?? emptySet;

/** A history of appliers and updaters. */
const world = fc
  .array(fc.record({ manager: fc.constantFrom("m1", "m2", "m3"), said: config, isApply: fc.boolean() }), { maxLength: 4 })
  .map((steps) => steps.reduce((before, { manager, said, isApply }) => (isApply ? forced(before, manager, said) : updated(before, manager, said)), nothing));

describe("an apply", () => {
  it("is idempotent, its time included", () => {
    fc.assert(fc.property(world, config, (before, said) => {
      const once = forced(before, "m1", said, 1);
      expect(applied(once, "m1", said, false, 2)).toEqual(once);
    }));
  });

  it("makes the object say what it says", () => {
    fc.assert(fc.property(world, config, (before, said) => {
      const { live } = forced(before, "m1", said);
      const { modified, added } = compare(shape, live, said);
      // What it leaves out may stay; nothing that it says is missing or another.
      expect([...pathsOf(added), ...pathsOf(modified)]).toEqual([]);
    }));
  });

  it("owns what it says, and with force nobody else owns what it changed", () => {
    fc.assert(fc.property(world, config, (before, said) => {
      const after = forced(before, "m1", said);
      expect(appliedBy(after, "m1")).toEqual(difference(statedPaths(shape, said), ownedByNobody));
      const { modified, added } = compare(shape, before.live, after.live);
      for (const entry of after.entries) {
        if (isApplier("m1")(entry)) continue;
        expect(isEmpty(intersection(entry.fieldsV1, modified))).toBe(true);
        expect(isEmpty(intersection(entry.fieldsV1, added))).toBe(true);
      }
    }));
  });

  it("that would take from others is refused without force, and otherwise forces nothing", () => {
    fc.assert(fc.property(world, config, (before, said) => {
      const careful = applied(before, "m1", said, false);
      const { modified, added } = compare(shape, before.live, forced(before, "m1", said).live);
      const others = before.entries.filter((entry) => !isApplier("m1")(entry));
      const isTaking = others.some(({ fieldsV1 }) => !isEmpty(intersection(fieldsV1, modified)) || !isEmpty(intersection(fieldsV1, added)));
      expect(typeof careful === "string").toBe(isTaking);
      if (typeof careful !== "string") expect(careful).toEqual(forced(before, "m1", said));
    }));
  });

  it("removes what it dropped and nobody owns, and of what others own only parts of items that it dropped", () => {
    fc.assert(fc.property(world, config, config, (before, first, second) => {
      const between = forced(before, "m1", first);
      const after = forced(between, "m1", second);
      const gone = compare(shape, between.live, after.live).removed;
      const others = between.entries.filter((entry) => !isApplier("m1")(entry));
      const dropped = difference(appliedBy(between, "m1"), statedPaths(shape, second));
      for (const { fieldsV1 } of others) {
        const lost = [...pathsOf(intersection(fieldsV1, gone))];
        const isPart = (path: readonly string[]) => path.some((_, at) => at > 0 && hasPath(dropped, path.slice(0, at)));
        // Or what is empty now.
        expect(lost.filter((path) => !isPart(path) && !isOwnedAtOrBelow(dropped, path))).toEqual([]);
      }
      const owners = [...others.map(({ fieldsV1 }) => fieldsV1), appliedBy(after, "m1")];
      const kept = [...pathsOf(intersection(dropped, statedPaths(shape, after.live)))];
      expect(kept.filter((path) => !owners.some((set) => isOwnedAtOrBelow(set, path)))).toEqual([]);
    }));
  });

  it("alone, and then of another thing, leaves just that", () => {
    fc.assert(fc.property(config, config, (first, second) => {
      const { live } = forced(forced(nothing, "m1", first), "m1", second);
      expect(isEqual(withoutNothing(live), withoutNothing(second))).toBe(true);
    }));
  });
});

function isOwnedAtOrBelow(set: FieldSet, path: readonly string[]): boolean {
  if (hasPath(set, path)) return true;
  return [...pathsOf(set)].some((own) => path.every((step, at) => own[at] === step));
}

/** Without what holds nothing, and lists in one order. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutNothing(inner)] as const);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined && !(typeof inner === "object" && Object.keys(inner as object).length === 0)));
}

describe("an apply of one after another", () => {
  const one = (fields: Thing) => forced(nothing, "one", thing(fields));
  const rows: [sentence: string, before: World, said: Thing, live: Thing | string][] = [
    ["adds to a map", one({ labels: { a: "x" } }), { labels: { b: "y" } }, { labels: { a: "x", b: "y" } }],
    ["adds to a set, its own first", one({ set: ["x"] }), { set: ["y"] }, { set: ["x", "y"] }],
    ["adds to a list by its keys", one({ list: [{ port: 1, name: "x" }] }), { list: [{ port: 2, name: "y" }, { port: 1, protocol: "TCP" }] }, { list: [{ port: 2, name: "y" }, { port: 1, protocol: "TCP", name: "x" }] }],
    ["takes an item of another protocol for another", one({ list: [{ port: 1, name: "x" }] }), { list: [{ port: 1, protocol: "UDP" }] }, { list: [{ port: 1, name: "x" }, { port: 1, protocol: "UDP" }] }],
    ["may say the same as another", one({ size: 1 }), { size: 1 }, { size: 1 }],
    ["conflicts on a scalar", one({ size: 1 }), { size: 2 }, 'Apply failed with 1 conflict: conflict with "one": .size'],
    ["conflicts on a list that is one value", one({ atomic: ["x"] }), { atomic: ["x", "y"] }, 'Apply failed with 1 conflict: conflict with "one": .atomic'],
    ["conflicts on a map that is one value", one({ atomicMap: { a: "x" } }), { atomicMap: { b: "x" } }, 'Apply failed with 1 conflict: conflict with "one": .atomicMap'],
    ["conflicts inside an item", one({ list: [{ port: 1, name: "x" }] }), { list: [{ port: 1, name: "y" }] }, 'Apply failed with 1 conflict: conflict with "one": .list[port=1,protocol="TCP"].name'],
    ["names every conflict", one({ size: 1, labels: { a: "x" } }), { size: 2, labels: { a: "y" } }, 'Apply failed with 2 conflicts: conflicts with "one":\n- .labels.a\n- .size'],
    ["conflicts with what an update changed", updated(nothing, "user", thing({ size: 1 })), { size: 2 }, 'Apply failed with 1 conflict: conflict with "user" using v1: .size'],
    ["merges what has no schema by its fields", one({ loose: { a: "x" } }), { loose: { b: "y" } }, { loose: { a: "x", b: "y" } }],
    ["owns a field that it empties", one({ labels: { a: "x" } }), { nested: {} }, { labels: { a: "x" }, nested: {} }],
    ["keeps the order of a live list around its own", one({ list: [{ port: 1 }, { port: 2 }, { port: 3 }] }), { list: [{ port: 3 }, { port: 1 }] }, { list: [{ port: 2 }, { port: 3 }, { port: 1 }] }],
  ];
  it.each(rows)("%s", (_, before, said, live) => {
    const after = applied(before, "two", thing(said), false);
    expect(typeof after === "string" ? after : after.live).toEqual(typeof live === "string" ? live : thing(live));
  });
});
