import { expect, it } from "vitest";
import { eventName } from "./event-name.ts";

const now = Date.UTC(2026, 10, 25);

it("is the object's name and nanoseconds in hexadecimal", () => expect(eventName("web-0", 1_700_000_000_000, 1)).toBe("web-0.17979cfe362a0001"));

it("sorts as things happened, within a millisecond, too", () => {
  const names = [eventName("web", now, 998), eventName("web", now, 999), eventName("web", now + 1, 0), eventName("web", now + 2, 1_000_001)];
  expect(names.toSorted()).toEqual(names);
  expect(new Set(names).size).toBe(4);
});
