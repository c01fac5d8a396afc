/** What watchers cost and what they may cost: shared encoding, slow readers, failing texts. */
import { describe, expect, it } from "vitest";
import { decodeStoreMessage } from "../../worker/storage/frames.ts";
import type { Selection } from "../../worker/storage/store.ts";
import { create, remove, type update } from "./objects.ts";
import { openStore, type SingleStore } from "./single-store.ts";

class Reader {
  readonly messages: string[] = [];
  closed: string | undefined;
  send(message: string): void {
    this.messages.push(message);
  }
  close(code: number, reason: string): void {
    this.closed = `${code} ${reason}`;
  }
  get events(): string[] {
    return this.messages.flatMap((message) => {
      const decoded = decodeStoreMessage(message);
      return decoded.type === "events" ? decoded.events.map(({ type, key }) => `${type} ${key}`) : [];
    });
  }
}

async function join(store: SingleStore, selection: Selection, since: number): Promise<Reader> {
  const reader = new Reader();
  await store.wait(store.core.write({ operations: [create(`marks//${since}-${store.core.feed.size}`)] }));
  await store.wait(store.core.watch(reader, selection, since));
  await settle(store);
  return reader;
}

function settle({ clock, wait }: SingleStore): Promise<void> {
  return wait(new Promise<void>((resolve) => {
    clock.after(1, resolve);
  }));
}

const write = (store: SingleStore, ...operations: Parameters<typeof update>[0][]) =>
  store.wait(store.core.write({ operations: operations.map((key) => create(key)) }));

describe("watchers", () => {
  it("of one selection get the very same message; of another, their own", async () => {
    const store = openStore();
    const [one, two] = [await join(store, { resource: "pods" }, 1), await join(store, { resource: "pods" }, 1)];
    const other = await join(store, { resource: "pods", namespace: "b" }, 1);
    await write(store, "pods/a/x", "pods/b/x", "widgets/a/x");
    await settle(store);
    expect(one.messages.at(-1)).toBe(two.messages.at(-1));
    expect(one.events).toEqual(["ADDED pods/a/x", "ADDED pods/b/x"]);
    expect(other.events).toEqual(["ADDED pods/b/x"]);
  });

  it("hear of a group only after its writers were answered", async () => {
    const store = openStore();
    const reader = await join(store, { resource: "pods" }, 1);
    const heard: number[] = [];
    const answers = [0, 1, 2].map(async (at) => {
      await store.core.write({ operations: [create(`pods/a/x${at}`)] });
      heard.push(reader.events.length);
    });
    await store.wait(Promise.all(answers));
    expect(heard).toEqual([0, 0, 0]);
    await settle(store);
    expect(reader.events).toHaveLength(3);
  });

  it("that left get nothing, and cost nothing", async () => {
    const store = openStore();
    const reader = await join(store, { resource: "pods" }, 1);
    store.core.feed.leave(reader);
    await write(store, "pods/a/x");
    await settle(store);
    expect(reader.events).toEqual([]);
    expect(store.core.feed.size).toBe(0);
  });

  it("that do not take what they are sent are cut off, and do not disturb the others", async () => {
    const store = openStore();
    const slow = await join(store, { resource: "pods" }, 1);
    const quick = await join(store, { resource: "pods" }, 1);
    for (let at = 0; at < 12; at++) {
      await store.wait(store.core.write({ operations: [{ ...create(`pods/a/x${at}`), text: "x".repeat(1_000_000) }] }));
      await settle(store);
      store.core.feed.taken(quick, quick.messages.at(-1)?.length ?? 0);
    }
    expect(slow.closed).toBe("1013 too slow");
    expect(quick.closed).toBeUndefined();
    expect(quick.events).toHaveLength(12);
    expect(slow.events.length).toBeLessThan(9);
  });

  it("that replay get it in steps, as they take it", async () => {
    const store = openStore();
    for (let at = 0; at < 1_200; at++) {
      const text = JSON.stringify({ metadata: {}, fill: "x".repeat(5_000) });
      await store.core.write({ operations: [{ ...create(`pods/a/x${at}`), text }] });
    }
    const reader = await join(store, { resource: "pods" }, 1);
    const sizes: number[] = [];
    for (let step = 0; step < 20 && reader.events.length < 1_200; step++) {
      const size = reader.messages.reduce((sum, { length }) => sum + length, 0);
      sizes.push(size);
      store.core.feed.taken(reader, size - (sizes.at(-2) ?? 0));
      await settle(store);
    }
    expect(sizes[0]).toBeLessThan(5_500_000);
    expect(reader.events).toEqual(Array.from({ length: 1_200 }, (_, at) => `ADDED pods/a/x${at}`));
    await write(store, "pods/a/last");
    await settle(store);
    expect(reader.events.at(-1)).toBe("ADDED pods/a/last");
  });

  it("of a stale instance are told by the database: it asks before it says how far they are", async () => {
    const store = openStore();
    const reader = await join(store, { resource: "pods" }, 1);
    const rival = store.another();
    await store.wait(rival.write({ operations: [create("pods/a/x")] }));
    await settle(store);
    expect(reader.events).toEqual([]);
    await store.wait(store.core.progress(reader));
    await settle(store);
    expect(reader.events).toEqual(["ADDED pods/a/x"]);
  });

  it("see the last state of what is gone, though it was pushed out of memory", async () => {
    const store = openStore({ textBytes: 10 });
    const { results } = await store.wait(store.core.write({ operations: [{ ...create("pods/a/x"), text: "last" }] }));
    expect(results[0]?.ok).toBe(true);
    const reader = await join(store, { resource: "pods" }, 2);
    await store.wait(store.core.write({ operations: [remove("pods/a/x")] }));
    await settle(store);
    const decoded = decodeStoreMessage(reader.messages.at(-1) ?? "");
    expect(decoded).toMatchObject({ events: [{ type: "DELETED", text: "last" }] });
  });
});
