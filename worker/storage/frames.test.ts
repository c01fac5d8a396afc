import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeStoreMessage, decodeWorkerMessage, encodeEvents, encodeExpired, encodePosition, encodeProgress, encodeTaken, hello } from "./frames.ts";

const event = fc.record({
  type: fc.constantFrom("ADDED" as const, "MODIFIED" as const, "DELETED" as const),
  key: fc.string({ unit: "binary" }),
  uid: fc.string(),
  revision: fc.nat(),
  text: fc.string({ unit: "binary" }),
});

describe("frames", () => {
  it("bring events as they were sent, whatever their texts hold", () => {
    fc.assert(fc.property(fc.array(event), (events) => {
      expect(decodeStoreMessage(encodeEvents(events))).toEqual({ type: "events", events });
    }));
  });

  it.each([
    [encodeProgress(7), { type: "progress", revision: 7 }],
    [encodeExpired(7), { type: "expired", floor: 7 }],
    [hello, { type: "hello" }],
  ])("%s is understood by the worker", (message, decoded) => {
    expect(decodeStoreMessage(message)).toEqual(decoded);
  });

  it.each([
    [encodeTaken(7), { type: "taken", characters: 7 }],
    [encodeProgress(7), { type: "progress", revision: 7 }],
    [encodePosition(7), { type: "position", revision: 7 }],
    ["?", undefined],
  ])("%s is understood by the store", (message, decoded) => {
    expect(decodeWorkerMessage(message)).toEqual(decoded);
  });

  it.each(["", "?", "Pabc", "X-1"])("%j is not taken for a message", (message) => {
    expect(() => decodeStoreMessage(message)).toThrow();
  });
});
