/** The three bounded memories: texts, the latest changes, guard scopes. */
import { describe, expect, it } from "vitest";
import type { HistoryRow } from "./persistence.ts";
import { Ring } from "./ring.ts";
import { Scopes } from "./scopes.ts";
import { TextCache } from "./text-cache.ts";

describe("texts", () => {
  it("stay within their bytes; the longest unused goes first", () => {
    const cache = new TextCache(1_000);
    cache.put(1, "a".repeat(300));
    cache.put(2, "b".repeat(300));
    cache.get(1);
    cache.put(3, "c".repeat(300));
    expect([cache.get(1)?.length, cache.get(2), cache.get(3)?.length]).toEqual([300, undefined, 300]);
    expect(cache.bytes).toBe(800);
  });

  it("that are larger than all of it are not kept", () => {
    const cache = new TextCache(1_000);
    cache.put(1, "a".repeat(2_000));
    expect([cache.get(1), cache.bytes]).toEqual([undefined, 0]);
  });

  it("that a list reads are neither renewed nor pushed out by it", () => {
    const cache = new TextCache(1_000);
    cache.put(1, "a".repeat(300));
    cache.put(2, "b".repeat(300));
    expect(cache.peek(1)).toHaveLength(300);
    cache.fill(3, "c".repeat(300));
    expect(cache.peek(3)).toBeUndefined();
    cache.put(4, "d".repeat(300));
    expect([cache.peek(1), cache.peek(2)?.length, cache.peek(4)?.length]).toEqual([undefined, 300, 300]);
  });

  it("count once when they are put twice", () => {
    const cache = new TextCache(1_000);
    cache.put(1, "aaa");
    cache.put(1, "aaa");
    expect(cache.bytes).toBe(103);
  });
});

describe("the ring", () => {
  const row = (revision: number): HistoryRow => ({ revision, key: "pods/a/x", type: "MODIFIED", previous: revision - 1, time: 0 });
  const ringOf = (from: number, to: number, limit: number): Ring => {
    const ring = new Ring(from - 1, limit);
    for (let revision = from; revision <= to; revision++) ring.push(row(revision));
    return ring;
  };

  it.each([
    ["all after its start", ringOf(5, 8, 100), 4, undefined, [5, 6, 7, 8]],
    ["the rest after one in the middle", ringOf(5, 8, 100), 6, undefined, [7, 8]],
    ["no more than asked for", ringOf(5, 8, 100), 4, 2, [5, 6]],
    ["nothing after the head", ringOf(5, 8, 100), 8, undefined, []],
    ["nothing at all before its start: it does not know", ringOf(5, 8, 100), 3, undefined, undefined],
    ["nothing when it is empty and nothing came", ringOf(5, 4, 100), 4, undefined, []],
    ["what it kept of more than it may", ringOf(1, 11, 10), 5, undefined, [6, 7, 8, 9, 10, 11]],
    ["nothing of what it dropped", ringOf(1, 11, 10), 4, undefined, undefined],
  ])("tells %s", (_says, ring, after, limit, revisions) => {
    expect(ring.after(after, limit)?.map(({ revision }) => revision)).toEqual(revisions);
  });
});

describe("scopes", () => {
  it("that nobody remembers count as changed when memory began", () => {
    const scopes = new Scopes(10);
    scopes.bump("a", 12);
    expect([scopes.revision("a"), scopes.revision("b")]).toEqual([12, 10]);
  });

  it("beyond the bound are forgotten, and then count as changed with the one forgotten last", () => {
    const scopes = new Scopes(10, 2);
    scopes.bump("a", 12);
    scopes.bump("b", 13);
    scopes.bump("a", 14);
    scopes.bump("c", 15);
    expect([scopes.revision("a"), scopes.revision("b"), scopes.revision("c"), scopes.revision("d")]).toEqual([14, 13, 15, 13]);
  });
});
