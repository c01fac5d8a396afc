import { expect, test } from "vitest";
import { BackOff } from "./back-off.ts";

test("a pod that fits nowhere is tried again when something changed, after its back-off", () => {
  const backOff = new BackOff();
  expect(backOff.isDue("p", 1, 0)).toBe(true);
  backOff.failed("p", 1, 0);
  expect(backOff.isDue("p", 2, 999)).toBe(false);
  expect(backOff.isDue("p", 2, 1_000)).toBe(true);
  expect(backOff.isDue("p", 1, 1_000)).toBe(false);
});

test("waits double up to ten seconds", () => {
  const backOff = new BackOff();
  const waits = [1, 2, 3, 4, 5, 6].map((generation) => {
    backOff.failed("p", generation, 0);
    return backOff.nextDue(99);
  });
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test("without a change it is tried again after five minutes", () => {
  const backOff = new BackOff();
  backOff.failed("p", 1, 0);
  expect(backOff.nextDue(1)).toBe(301_000);
});

test("what changed meanwhile may bring a pod back before its time, the one that waits shortest first", () => {
  const backOff = new BackOff();
  for (const uid of ["long", "short"]) backOff.failed(uid, 1, 0);
  backOff.failed("long", 1, 0);
  expect(backOff.early(1)).toEqual(new Set());
  expect([...backOff.early(2)]).toEqual(["short", "long"]);
});

test("who raced too often waits, whatever changed", () => {
  const backOff = new BackOff();
  for (let race = 0; race < 6; race++) backOff.raced("p", 0);
  expect(backOff.early(2)).toEqual(new Set());
});

test("a lost race is run again at once, a few times", () => {
  const backOff = new BackOff();
  for (let race = 0; race < 5; race++) {
    backOff.raced("p", 0);
    expect(backOff.isDue("p", 1, 0)).toBe(true);
  }
  backOff.raced("p", 0);
  expect(backOff.isDue("p", 1, 0)).toBe(false);
});

test("pods that wait no more are forgotten", () => {
  const backOff = new BackOff();
  backOff.failed("p", 1, 0);
  backOff.keepOnly(new Set());
  expect(backOff.nextDue(1)).toBeUndefined();
});
