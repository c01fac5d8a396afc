import { describe, expect, test } from "vitest";
import { StatusError } from "../../protocol/status.ts";
import type { WriteAnswer, WriteList, WriteOperation, WriteResult } from "../storage/store.ts";
import type { Planned } from "./registry.ts";
import { commit, type CommitOptions } from "./writer.ts";

/** Answers each write with the next result; remembers what was asked. */
class ScriptedStore {
  readonly lists: WriteList[] = [];
  readonly #results: WriteResult[];

  constructor(...results: WriteResult[]) {
    this.#results = results;
  }

  write(list: WriteList): Promise<WriteAnswer> {
    this.lists.push(list);
    const result = this.#results.shift() ?? { ok: true, revision: 99 };
    return Promise.resolve({ results: [result], revision: 99 });
  }
}

const index = { uid: "u", labels: {}, fields: {}, terms: [], generation: 1, isDeleting: false, isSettled: true };
const create = (extra: object = {}): Planned => ({
  operation: { verb: "create", key: "services/default/s", text: '{"metadata":{"name":"s"}}', index, ...extra } as WriteOperation,
  object: { metadata: { name: "s" } },
  warnings: [],
  picked: [],
});
const update: Planned = {
  ...create(),
  operation: { verb: "update", key: "services/default/s", text: "", index, expect: { revision: 1, uid: "u" } },
};
const claim = { kind: "clusterIP", value: "10.96.0.99" };

async function outcome(store: ScriptedStore, planned: Planned, options: CommitOptions = {}): Promise<string> {
  try {
    const { object } = await commit(store, () => Promise.resolve(structuredClone(planned)), options);
    return `written at ${object.metadata.resourceVersion} after ${store.lists.length}`;
  } catch (error) {
    if (error instanceof StatusError) return `${error.reason} after ${store.lists.length}`;
    throw error;
  }
}

const refused = (reason: Exclude<WriteResult, { ok: true }>["reason"], at?: number): WriteResult => ({
  ok: false,
  reason,
  ...(at === undefined ? {} : { at }),
});

describe("commit", () => {
  test.each<[string, Planned, WriteResult[], CommitOptions, string]>([
    ["writes once when nobody is in the way", update, [{ ok: true, revision: 5 }], {}, "written at 5 after 1"],
    ["plans again after a conflict that nobody asked for", update, [refused("conflict"), refused("conflict")], {}, "written at 99 after 3"],
    ["answers a conflict that the client asked for", update, [refused("conflict")], { hasPrecondition: true }, "Conflict after 1"],
    ["gives up after ten", update, Array.from({ length: 12 }, () => refused("conflict")), {}, "Conflict after 10"],
    ["answers that a name is taken", create(), [refused("exists")], {}, "AlreadyExists after 1"],
    ["tries another generated name", { ...create(), object: { metadata: { name: "s-1", generateName: "s-" } } }, [refused("exists")], {}, "written at 99 after 2"],
    ["picks another address when its pick was taken", { ...create({ claims: [claim] }), picked: [claim] }, [refused("claimed", 0)], {}, "written at 99 after 2"],
    ["answers that the user's own address is taken", create({ claims: [claim] }), [refused("claimed", 0)], {}, "Invalid after 1"],
    ["answers that it is too large", create(), [refused("too-large")], {}, "RequestEntityTooLarge after 1"],
    ["answers that it is gone", update, [refused("not-found")], {}, "NotFound after 1"],
  ])("%s", async (_what, planned, results, options, expected) => {
    expect(await outcome(new ScriptedStore(...results), planned, options)).toBe(expected);
  });

  test("asks the store for a dry run, and leaves the version as it was", async () => {
    const store = new ScriptedStore({ ok: true, revision: 0 });
    const planned = { ...update, object: { metadata: { name: "s", resourceVersion: "1" } } };
    const committed = await commit(store, () => Promise.resolve(planned), { isDryRun: true });
    expect(store.lists[0]?.isDryRun).toBe(true);
    expect(committed.object.metadata.resourceVersion).toBe("1");
    expect(committed.stored).toBeUndefined();
  });

  test("writes nothing when the plan is that nothing changes", async () => {
    const store = new ScriptedStore();
    const current = { metadata: { name: "s", uid: "u", resourceVersion: "3", creationTimestamp: "" } };
    const { isWritten, object } = await commit(store, () => Promise.resolve({ current }));
    expect([isWritten, object, store.lists.length]).toEqual([false, current, 0]);
  });
});
