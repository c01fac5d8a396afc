import { expect, test } from "vitest";
import { deadlineMs, withDeadline } from "./deadline.ts";

test.each([
  [null, 60_000],
  ["", 60_000],
  ["10s", 10_000],
  ["1m30s", 60_000],
  ["500ms", 500],
  ["0s", 60_000],
  ["soon", 60_000],
])("%s is %i ms", (timeout, ms) => {
  expect(deadlineMs(timeout)).toBe(ms);
});

test("work that is done in time is answered", async () => {
  expect(await withDeadline(Promise.resolve("done"), 1_000)).toBe("done");
});

test("work that hangs is a Timeout", async () => {
  const hanging = new Promise<never>(() => undefined);
  await expect(withDeadline(hanging, 1)).rejects.toMatchObject({ code: 504, reason: "Timeout" });
});
