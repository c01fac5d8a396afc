import { describe, expect, test } from "vitest";
import { type AgentKey, AgentKeys } from "./agent-keys.ts";

/** A store whose reads can be held up, and what the hub keeps. */
function world() {
  const stored = new Map<string, string>();
  const kept = new Map<string, AgentKey>();
  const clock = { now: 1_000_000 };
  const reads: string[] = [];
  const held: (() => void)[] = [];
  let isHeld = false;
  const keysOver = () => new AgentKeys({
    storage: { get: (node) => kept.get(node), put: (key) => void kept.set(key.node, key) },
    read: async (node) => {
      reads.push(node);
      const found = stored.get(node);
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
      return found;
    },
    now: () => clock.now,
  });
  return {
    stored, kept, clock, reads, keysOver, keys: keysOver(),
    hold: () => void (isHeld = true),
    letGo: () => {
      isHeld = false;
      for (const resolve of held.splice(0)) resolve();
    },
  };
}

describe("an agent's key", () => {
  test("is read once, whoever asks, and outlives the hub's instance", async () => {
    const { keys, stored, reads, keysOver } = world();
    stored.set("a", "key");
    expect(await Promise.all([keys.keyOf("a"), keys.keyOf("a")])).toEqual(["key", "key"]);
    expect(await keysOver().keyOf("a")).toBe("key");
    expect(reads).toEqual(["a"]);
  });

  test("is another one at once after it was replaced", async () => {
    const { keys, stored } = world();
    stored.set("a", "key");
    await keys.keyOf("a");
    stored.set("a", "new");
    expect(await keys.changed("a")).toBe(true);
    expect(await keys.keyOf("a")).toBe("new");
    expect(await keys.changed("a")).toBe(false);
  });

  test("is nobody's after it was revoked, without a read for each request, until the node joins again", async () => {
    const { keys, stored, reads, clock } = world();
    stored.set("a", "key");
    await keys.keyOf("a");
    stored.delete("a");
    expect(await keys.changed("a")).toBe(true);
    const { length } = reads;
    clock.now += 1_800_000;
    expect(await keys.keyOf("a")).toBeUndefined();
    expect(reads).toHaveLength(length);
    stored.set("a", "again");
    expect(await keys.changed("a")).toBe(true);
    expect(await keys.keyOf("a")).toBe("again");
  });

  test("that was read before it changed is not kept", async () => {
    const { keys, stored, hold, letGo } = world();
    stored.set("a", "old");
    hold();
    const early = keys.keyOf("a");
    await Promise.resolve();
    await Promise.resolve();
    stored.set("a", "new");
    const told = keys.changed("a");
    await Promise.resolve();
    letGo();
    await Promise.all([early, told]);
    expect(await keys.keyOf("a")).toBe("new");
  });

  test("is read again after an hour, as a restored database tells nobody", async () => {
    const { keys, stored, clock } = world();
    stored.set("a", "key");
    await keys.keyOf("a");
    stored.delete("a");
    clock.now += 3_600_001;
    expect(await keys.keyOf("a")).toBeUndefined();
  });

  test("of a node that never was is asked for once a minute, and leaves nothing behind", async () => {
    const { keys, reads, clock, kept } = world();
    for (let time = 0; time < 3; time++) expect(await keys.keyOf("stranger")).toBeUndefined();
    expect(reads).toHaveLength(1);
    expect(kept.size).toBe(0);
    clock.now += 60_001;
    await keys.keyOf("stranger");
    expect(reads).toHaveLength(2);
  });

  test("that could not be read is asked for again", async () => {
    const { kept, clock } = world();
    let tries = 0;
    const keys = new AgentKeys({
      storage: { get: (node) => kept.get(node), put: (key) => void kept.set(key.node, key) },
      read: () => (tries++ === 0 ? Promise.reject(new Error("no answer")) : Promise.resolve("key")),
      now: () => clock.now,
    });
    await expect(keys.keyOf("a")).rejects.toThrow("no answer");
    expect(await keys.keyOf("a")).toBe("key");
  });
});
