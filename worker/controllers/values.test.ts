/** The small values that controllers share: names, hashes, sizes, equality. */
import { describe, expect, test } from "vitest";
import { type Condition, withCondition } from "./conditions.ts";
import { isSame } from "./equality.ts";
import { eventActions } from "./events.ts";
import { scaledValue } from "./int-or-string.ts";
import { generatedName } from "./names.ts";
import { templateHash } from "./template-hash.ts";

describe("a number or percentage of replicas", () => {
  const rows: [string, number | string | undefined, number, "up" | "down", number][] = [
    ["a number stays as it is", 3, 10, "up", 3],
    ["a percentage of surge rounds up", "25%", 10, "up", 3],
    ["a percentage of unavailability rounds down", "25%", 10, "down", 2],
    ["more than all is more than all", "150%", 4, "down", 6],
    ["nothing given is nothing", undefined, 10, "up", 0],
  ];
  test.each(rows)("%s", (_, value, total, rounding, expected) => expect(scaledValue(value, total, rounding)).toBe(expected));
});

describe("equality", () => {
  const rows: [string, unknown, unknown, boolean][] = [
    ["the order of keys does not matter", { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ["the order of a list does", [1, 2], [2, 1], false],
    ["an absent field equals an empty list", { a: [] }, {}, true],
    ["an absent field equals an empty map, at any depth", { a: { b: {} } }, {}, true],
    ["an absent field equals null", { a: null }, {}, true],
    ["an absent field does not equal zero", { a: 0 }, {}, false],
    ["nor false", { a: false }, {}, false],
    ["nor an empty text", { a: "" }, {}, false],
  ];
  test.each(rows)("%s", (_, left, right, expected) => expect(isSame(left, right)).toBe(expected));
});

describe("generated names", () => {
  test("differ within a plan, come again from the same seed, and fit a label", () => {
    const names = Array.from({ length: 500 }, (_, at) => generatedName("web-", 42, at));
    expect(new Set(names).size).toBe(500);
    expect(names[7]).toBe(generatedName("web-", 42, 7));
    expect(names[0]).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(generatedName("x".repeat(80), 1, 0)).toHaveLength(63);
  });
});

describe("a template's hash", () => {
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "app:1" }] } };
  test("is the same for the same template in another order", () => {
    expect(templateHash({ spec: template.spec, metadata: template.metadata })).toBe(templateHash(template));
  });
  test("differs for another template and after a collision", () => {
    expect(new Set([templateHash(template), templateHash(template, 1), templateHash({ ...template, spec: {} })]).size).toBe(3);
  });
});

describe("a condition", () => {
  const before: Condition[] = [{ type: "Available", status: "False", reason: "A", lastTransitionTime: "2029-01-01T00:00:00Z" }];
  const now = Date.UTC(2030, 0, 1);
  test("keeps the time of its transition while its status stays", () => {
    expect(withCondition(before, { type: "Available", status: "False", reason: "B" }, now)[0]).toEqual({ ...before[0], reason: "B" });
  });
  test("moves it when its status changes", () => {
    expect(withCondition(before, { type: "Available", status: "True" }, now)[0]?.lastTransitionTime).toBe("2030-01-01T00:00:00Z");
  });
});

describe("events of a plan", () => {
  const about = { metadata: { name: "web", uid: "u", resourceVersion: "1", creationTimestamp: "2030-01-01T00:00:00Z" } };
  const messages = (count: number) => eventActions({ about, component: "c", reason: "R" }, Array.from({ length: count }, (_, at) => `m${at}`))
    .map((action) => (action.type === "event" ? action.event.message : ""));
  test("are one each while they are few", () => expect(messages(5)).toEqual(["m0", "m1", "m2", "m3", "m4"]));
  test("and one for the rest when they are many", () => {
    expect(messages(100)).toEqual(["m0", "m1", "m2", "m3", "m4", "(combined from similar events): m99"]);
  });
});
