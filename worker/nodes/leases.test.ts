import { describe, expect, test } from "vitest";
import { Leases, type LeaseStorage, type NodeLease } from "./leases.ts";

function memory(): LeaseStorage {
  const leases = new Map<string, NodeLease>();
  return {
    get: (name) => leases.get(name),
    all: () => [...leases.values()],
    put: (lease) => void leases.set(lease.name, lease),
    delete: (name) => void leases.delete(name),
  };
}

/** Seconds, as the rows speak of them. */
const at = (seconds: number) => seconds * 1000;

function heardAt(times: Record<string, number>): Leases {
  const leases = new Leases(memory());
  for (const [name, seconds] of Object.entries(times)) leases.heard(name, 1, at(seconds));
  return leases;
}

describe("a node is lost", () => {
  test.each([
    ["not before 50 s of silence", { a: 0, b: 30 }, 49, []],
    ["after 50 s of silence", { a: 0, b: 30 }, 50, ["a"]],
    ["each on its own time", { a: 0, b: 1, c: 45 }, 51, ["a", "b"]],
    ["not yet, while everybody is silent for as long as nobody ever is", { a: 0, b: 5 }, 50, []],
    ["all at once, when everybody stays silent", { a: 0, b: 5 }, 55, ["a", "b"]],
  ])("%s", (_, heard, now, lost) => {
    expect(heardAt(heard).expire(at(now), at(now)).lost).toEqual(lost);
  });

  test("and is lost once", () => {
    const leases = heardAt({ a: 0, b: 30 });
    leases.expire(at(50), at(50));
    leases.heard("b", 1, at(60));
    expect(leases.expire(at(70), at(70)).lost).toEqual([]);
  });

  test("not when the alarm came late: it was we who were away", () => {
    const leases = heardAt({ a: 0, b: 30 });
    expect(leases.expire(at(50), at(90)).lost).toEqual([]);
    expect(leases.nextExpiry()).toBe(at(140));
  });

  test("after a start of ours only when a whole further grace period passed, once", () => {
    const leases = heardAt({ a: 0 });
    leases.grantGraceOnce(at(40));
    expect(leases.nextExpiry()).toBe(at(90));
    leases.grantGraceOnce(at(80));
    expect(leases.nextExpiry()).toBe(at(90));
  });
});

describe("a node returns", () => {
  test("and is told to report everything, every few seconds until it did", () => {
    const leases = heardAt({ a: 0, b: 30 });
    leases.expire(at(50), at(50));
    expect(leases.isAlive("a", at(50))).toBe(false);
    expect(leases.heard("a", 1, at(60))).toBe("returned");
    expect([leases.tellToReport("a", at(60)), leases.tellToReport("a", at(61)), leases.tellToReport("a", at(66))]).toEqual([true, false, true]);
    leases.reported("a");
    expect(leases.tellToReport("a", at(80))).toBe(false);
  });

  test("after everybody's silence the others have a grace period before they are looked at again", () => {
    const leases = heardAt({ a: 0, b: 0 });
    expect(leases.expire(at(50), at(50)).lost).toEqual(["a", "b"]);
    leases.heard("a", 1, at(100));
    expect(leases.expire(at(120), at(120)).recheck).toEqual([]);
    leases.heard("a", 1, at(149));
    expect(leases.expire(at(150), at(150)).recheck).toEqual(["b"]);
    expect(leases.expire(at(151), at(151)).recheck).toEqual([]);
  });
});

test("an older session is stale, a newer one takes over", () => {
  const leases = heardAt({});
  expect([leases.heard("a", 2, 0), leases.heard("a", 1, 1), leases.heard("a", 3, 2), leases.heard("a", 2, 3)]).toEqual(["alive", "stale", "alive", "stale"]);
});

test("a node kept through the API alone lives by what it changes", () => {
  const leases = new Leases(memory());
  leases.probed("a", "T1", at(0));
  leases.heard("b", 1, at(45));
  leases.probed("a", "T1", at(40));
  expect(leases.expire(at(50), at(50)).lost).toEqual(["a"]);
  leases.probed("a", "T1", at(55));
  expect(leases.isAlive("a", at(55))).toBe(false);
  leases.probed("a", "T2", at(60));
  expect(leases.isAlive("a", at(60))).toBe(true);
});

test("news never goes back, unless the database did: then the store is read", () => {
  const leases = heardAt({ a: 0 });
  leases.noteVerified("a", at(1));
  leases.noteNews("a", 7);
  expect(leases.get("a")).toMatchObject({ news: 7, verifiedAt: at(1) });
  leases.noteNews("a", 3);
  expect(leases.get("a")).toMatchObject({ news: 7, verifiedAt: 0 });
});
