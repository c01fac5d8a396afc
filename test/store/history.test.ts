/** Lists at a revision, changes and watches, held against a model that remembers every state. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChangesQuery, ListPage, ListQuery, ObjectIndex, Selection } from "../../worker/storage/store.ts";
import { isSelected } from "../../worker/storage/selection.ts";
import type { Socket } from "../../worker/storage/feed.ts";
import { decodeStoreMessage } from "../../worker/storage/frames.ts";
import { create, remove, update } from "./objects.ts";
import { openStore, type SingleStore } from "./single-store.ts";

interface State {
  revision: number;
  text: string;
  index: ObjectIndex;
}

/** States by key, for every revision. */
type Model = Map<number, Map<string, State>>;

const keys = ["pods/a/x", "pods/a/y", "pods/a-b/x", "pods/b/x", "widgets/a/x"];
const selections: Selection[] = [
  { resource: "pods" },
  { resource: "pods", namespace: "a" },
  { resource: "pods", labels: [{ key: "app", operator: "In", values: ["1"] }] },
  { resource: "pods", namespace: "b", fields: [{ field: "metadata.name", operator: "=", value: "x" }] },
  { resource: "*", term: "node:1" },
];

const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("write" as const), key: fc.constantFrom(...keys), value: fc.constantFrom("0", "1"), deletes: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("watch" as const), selection: fc.constantFrom(...selections), back: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "wait" as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Watch {
  socket: Socket;
  selection: Selection;
  since: number;
  /** As the Worker's end knows it. */
  position: number;
  seen: string[];
}

class Run {
  readonly store: SingleStore = openStore({ history: { windowMs: 1e12, versions: 1e9 }, onLoaded: () => this.#greet() });
  core = this.store.core;
  readonly model: Model = new Map([[1, new Map()]]);
  readonly watches: Watch[] = [];
  revision = 1;

  async take(step: Step): Promise<void> {
    if (step.do === "write") await this.#write(step);
    if (step.do === "watch") await this.#watch(step.selection, Math.max(1, this.revision - step.back));
    if (step.do === "wait") await this.settle();
    if (step.do === "restart") {
      await this.settle();
      this.core = this.store.another();
    }
  }

  /** Sockets hibernate: a new instance asks each where it is, once it has loaded. */
  #greet(): void {
    for (const { socket, selection, position } of this.watches) {
      if (!this.core.isFeeding(socket)) void this.core.watch(socket, selection, position);
    }
  }

  /** Everything that was to happen has happened. */
  async settle(): Promise<void> {
    await this.store.wait(new Promise<void>((resolve) => {
      this.store.clock.after(10, resolve);
    }));
  }

  async #write({ key, value, deletes }: { key: string; value: string; deletes: boolean }): Promise<void> {
    const current = this.model.get(this.revision)?.get(key);
    const index = { labels: { app: value }, terms: [`node:${value}`] };
    const operation = current === undefined ? create(key, value, index) : deletes ? remove(key) : update(key, current.revision, value, index);
    const { results } = await this.store.wait(this.core.write({ operations: [operation] }));
    expect(results[0]).toEqual({ ok: true, revision: this.revision + 1 });
    const next = new Map(this.model.get(this.revision));
    this.revision += 1;
    if (operation.verb === "delete") next.delete(key);
    else next.set(key, { revision: this.revision, text: operation.text, index: operation.index });
    this.model.set(this.revision, next);
  }

  async #watch(selection: Selection, since: number): Promise<void> {
    const watch: Watch = { socket: { send: (message) => receive(watch, message), close: () => undefined }, selection, since, position: since, seen: [] };
    this.watches.push(watch);
    await this.store.wait(this.core.watch(watch.socket, selection, since));
  }

  /** What a watcher or reader of changes has to see. */
  expected({ selection, since }: { selection: Selection; since: number }): string[] {
    const events: string[] = [];
    for (let revision = since + 1; revision <= this.revision; revision++) {
      for (const key of keys) {
        const before = this.model.get(revision - 1)?.get(key);
        const after = this.model.get(revision)?.get(key);
        if (before === after) continue;
        const was = before !== undefined && isSelected(selection, key, before.index);
        const is = after !== undefined && isSelected(selection, key, after.index);
        const uid = (after ?? before)?.index.uid;
        if (is) events.push(JSON.stringify({ type: was ? "MODIFIED" : "ADDED", key, uid, revision, text: after.text }));
        else if (was) events.push(JSON.stringify({ type: "DELETED", key, uid, revision, text: before.text }));
      }
    }
    return events;
  }

  async pages(query: ListQuery): Promise<ListPage["items"]> {
    const items: ListPage["items"] = [];
    let after: string | undefined;
    do {
      const page = await this.store.wait(this.core.list({ ...query, ...(after !== undefined && { after }) }));
      if ("expired" in page) throw new Error("expired");
      expect(page.items.length).toBeLessThanOrEqual(query.limit ?? Infinity);
      items.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    return items;
  }
}

function receive(watch: Watch, message: string): void {
  const decoded = decodeStoreMessage(message);
  if (decoded.type === "progress") watch.position = Math.max(watch.position, decoded.revision);
  if (decoded.type !== "events") return;
  watch.seen.push(...decoded.events.map((event) => JSON.stringify(event)));
  watch.position = decoded.events.at(-1)?.revision ?? watch.position;
}

const runs = { numRuns: 60 };
const steps = fc.array(step, { minLength: 1, maxLength: 40 });

async function after(all: Step[]): Promise<Run> {
  const run = new Run();
  for (const each of all) await run.take(each);
  await run.settle();
  return run;
}

describe("history", () => {
  it("every past revision can be listed, page by page, as it was", { timeout: 60_000 }, async () => {
    await fc.assert(fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), fc.constantFrom(...selections), async (all, limit, selection) => {
      const run = await after(all);
      for (const [revision, states] of run.model) {
        const wanted = [...states].filter(([key, { index }]) => isSelected(selection, key, index)).map(([key, state]) => ({ key, revision: state.revision, text: state.text }));
        wanted.sort((a, b) => (a.key < b.key ? -1 : 1));
        expect(await run.pages({ ...selection, limit, atRevision: revision })).toEqual(wanted);
      }
    }), runs);
  });

  it("changes since any revision are complete and in order", { timeout: 60_000 }, async () => {
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      const run = await after(all);
      for (let since = 1; since <= run.revision; since++) {
        const queries: ChangesQuery[] = selections.map((selection) => ({ ...selection, since }));
        const answer = await run.store.wait(run.core.changes(queries));
        if ("expired" in answer) throw new Error("expired");
        expect(answer.events.map((events) => events.map(({ type, key, uid, revision, text }) => JSON.stringify({ type, key, uid, revision, text }))))
          .toEqual(selections.map((selection) => run.expected({ selection, since })));
      }
    }), runs);
  });

  it("a watch sees every change that concerns it, once, in order, whichever instance feeds it", { timeout: 60_000 }, async () => {
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      const run = await after(all);
      // Someone asks the last instance something, so that it loads and asks the sockets in turn.
      await run.store.wait(run.core.list({ resource: "pods" }));
      await run.settle();
      for (const watch of run.watches) expect(watch.seen).toEqual(run.expected(watch));
    }), runs);
  });
});
