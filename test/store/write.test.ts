/** What a write list is answered. */
import { describe, expect, it } from "vitest";
import type { Change, WriteList, WriteOperation, WriteResult } from "../../worker/storage/store.ts";
import { create, remove, update } from "./objects.ts";
import { openStore } from "./single-store.ts";

const a = "pods/default/a";
const b = "pods/default/b";
const namespace = "namespaces//default";
const ip = { kind: "clusterIP", value: "10.96.0.9" };

/** `uid` is "ua" and so on, so that rows can name it. */
const pod = (key: string, more: Partial<Extract<WriteOperation, { verb: "create" }>> = {}): WriteOperation =>
  ({ ...create(key, "", { uid: `u${key.at(-1)}` }), ...more });
const changed = (key: string, revision: number, more: Partial<Extract<WriteOperation, { verb: "update" }>> = {}): WriteOperation =>
  ({ ...update(key, revision, "", { uid: `u${key.at(-1)}` }), ...more });

/** `ok 2`, or the reason with what it points at. */
function told(result: WriteResult): string {
  if (result.ok) return `ok ${result.revision}`;
  const { reason, at, current } = result;
  return [reason, ...(at === undefined ? [] : [`at ${at}`]), ...(current ? [`${current.uid} ${current.revision}`] : [])].join(" ");
}

interface Row {
  says: string;
  given?: WriteOperation[];
  list: WriteOperation[] | WriteList;
  answers: string[];
}

/** The first revision is 2. */
const rows: Row[] = [
  { says: "creates get revisions in order", list: [pod(a), pod(b)], answers: ["ok 2", "ok 3"] },
  { says: "a second create of a key is refused with what is there", given: [pod(a)], list: [pod(a)], answers: ["exists ua 2"] },
  { says: "an operation sees those before it in its list", list: [pod(a), changed(a, 2), remove(a, { revision: 3 }), pod(a)], answers: ["ok 2", "ok 3", "ok 4", "ok 5"] },
  { says: "an update of a revision that is gone is a conflict", given: [pod(a), changed(a, 2)], list: [changed(a, 2)], answers: ["conflict ua 3"] },
  { says: "an update or deletion of nothing is not found", list: [changed(a, 2), remove(b)], answers: ["not-found", "not-found"] },
  { says: "another uid is told apart from another revision", given: [pod(a)], list: [remove(a, { uid: "other" })], answers: ["uid-mismatch ua 2"] },
  { says: "a deletion without preconditions deletes", given: [pod(a)], list: [remove(a)], answers: ["ok 3"] },
  { says: "a refused operation does not touch its neighbours", given: [pod(a)], list: [pod(b), pod(a), remove(a)], answers: ["ok 3", "exists ua 2", "ok 4"] },
  { says: "an atomic list is all or nothing", given: [pod(a)], list: { operations: [pod(b), pod(a)], isAtomic: true }, answers: ["aborted", "exists ua 2"] },
  { says: "a dry run tells the refusals and the revisions that stand", given: [pod(a)], list: { operations: [pod(a), pod(b), changed(a, 2)], isDryRun: true }, answers: ["exists ua 2", "ok 0", "ok 2"] },
  { says: "an active namespace is required, and absent", list: [pod(a, { requires: [{ key: namespace, is: "active" }] })], answers: ["requirement at 0"] },
  { says: "an active namespace is required, and being deleted", given: [create(namespace, "", { isDeleting: true, uid: "un" })], list: [pod(a, { requires: [{ key: b, is: "absent" }, { key: namespace, is: "active" }] })], answers: ["requirement at 1 un 2"] },
  { says: "a namespace that is being deleted is still present", given: [create(namespace, "", { isDeleting: true })], list: [pod(a, { requires: [{ key: namespace, is: "present" }] })], answers: ["ok 3"] },
  { says: "a requirement may name a uid or a revision", given: [pod(a)], list: [pod(b, { requires: [{ key: a, is: "present", uid: "other" }] }), pod(b, { requires: [{ key: a, is: "present", revision: 2 }] })], answers: ["requirement at 0 ua 2", "ok 3"] },
  { says: "a create in a missing namespace is told of that, even if the name is taken", given: [pod(a)], list: [pod(a, { requires: [{ key: namespace, is: "active" }] })], answers: ["requirement at 0"] },
  { says: "a value has one owner, also within a list", list: [pod(a, { claims: [ip] }), pod(b, { claims: [ip] })], answers: ["ok 2", "claimed at 0"] },
  { says: "an owner may claim its own value again", given: [pod(a, { claims: [ip] })], list: [changed(a, 2, { claims: [ip] })], answers: ["ok 3"] },
  { says: "a deletion gives its values free", given: [pod(a, { claims: [ip] }), remove(a)], list: [pod(b, { claims: [ip] })], answers: ["ok 4"] },
  { says: "a value claimed and given free in one list is free", list: [pod(a, { claims: [ip] }), remove(a), pod(b, { claims: [ip] })], answers: ["ok 2", "ok 3", "ok 4"] },
  { says: "an update releases its own values alone", given: [pod(a, { claims: [ip] }), pod(b)], list: [changed(b, 3, { releases: [ip] }), pod("pods/default/c", { claims: [ip] })], answers: ["ok 4", "claimed at 0"] },
  { says: "what an aborted list claimed is free", given: [pod(a)], list: { operations: [pod(b, { claims: [ip] }), pod(a)], isAtomic: true }, answers: ["aborted", "exists ua 2"] },
  { says: "a text beyond the limit is refused", list: [pod(a, { text: "x".repeat(1_400_001) }), pod(b, { text: "ä".repeat(700_000) })], answers: ["too-large", "ok 2"] },
];

describe("a write list", () => {
  it.each(rows)("$says", async ({ given, list, answers }) => {
    const { core, another, wait } = openStore();
    if (given) await wait(core.write({ operations: given }));
    const { results } = await wait(core.write(Array.isArray(list) ? { operations: list } : list));
    expect(results.map(told)).toEqual(answers);
    await expectSameAfterLoad(core, another(), wait);
  });

  it("goes into one commit with those that wait beside it, each seeing those before it", async () => {
    const { core, wait } = openStore();
    const lists = [pod(a), pod(a), changed(a, 2), pod(b)].map((operation) => core.write({ operations: [operation] }));
    const answers = await wait(Promise.all(lists));
    expect(answers.flatMap(({ results }) => results.map(told))).toEqual(["ok 2", "exists ua 2", "ok 3", "ok 4"]);
    expect((await core.stats()).commits).toBe(1);
  });
});

describe("a list that the domain's code cannot take", () => {
  it("is told so, and those beside it in the group are written", async () => {
    const scopesOf = ({ key }: Change) => {
      if (key === a) throw new Error("unmappable");
      return [];
    };
    const { core, wait } = openStore({ policy: { wakesOf: () => [], scopesOf } });
    const answers = await wait(Promise.allSettled([a, b].map((key) => core.write({ operations: [pod(key)] }))));
    expect(answers.map((answer) => (answer.status === "fulfilled" ? answer.value.results.map(told) : String(answer.reason)))).toEqual(["Error: unmappable", ["ok 2"]]);
  });
});

describe("a database that does not answer", () => {
  it("makes writes fail, saying that nothing was written, and then works again", async () => {
    let isDown = true;
    const store = openStore();
    const { persistence } = store;
    const down = async () => {
      throw new Error("down");
    };
    const flaky = store.another({
      persistence: {
        takeOver: (inDoubt) => (isDown ? down() : persistence.takeOver(inDoubt)),
        meta: () => persistence.meta(),
        read: (keys) => persistence.read(keys),
        commit: (commit) => persistence.commit(commit),
        texts: (revisions) => persistence.texts(revisions),
        history: (after, limit) => persistence.history(after, limit),
        hasOldKeys: false,
        reseal: (after, limit) => persistence.reseal(after, limit),
        counters: () => persistence.counters(),
      },
    });
    await expect(store.wait(flaky.write({ operations: [pod(a)] }))).rejects.toThrow("nothing was written");
    isDown = false;
    expect((await store.wait(flaky.write({ operations: [pod(a)] }))).results.map(told)).toEqual(["ok 2"]);
  });
});

async function expectSameAfterLoad(core: ReturnType<typeof openStore>["core"], next: typeof core, wait: <T>(work: Promise<T>) => Promise<T>): Promise<void> {
  const query = [{ resource: "pods" }, { resource: "namespaces" }];
  const before = await wait(core.listMany(query));
  expect(await wait(next.listMany(query))).toEqual(before);
}

describe("guards", () => {
  const policy = { wakesOf: () => [], scopesOf: ({ key, type }: Change) => (type === "MODIFIED" ? [] : [`of ${key.split("/")[1]}`]) };
  const guarded = (revision: number, key: string): WriteList => ({ operations: [pod(key)], guards: [{ scope: "of default", revision }] });

  it.each([
    ["nothing of the scope changed", 2, ["ok 3"]],
    ["the scope changed after the snapshot", 1, ["stale"]],
  ])("when %s", async (_when, revision, answers) => {
    const { core, wait } = openStore({ policy });
    await wait(core.write({ operations: [pod(a)] }));
    expect((await wait(core.write(guarded(revision, b)))).results.map(told)).toEqual(answers);
  });

  it("refuse the second of two lists from one snapshot, though both are of one group", async () => {
    const { core, wait } = openStore({ policy });
    const answers = await wait(Promise.all([core.write(guarded(1, a)), core.write(guarded(1, b))]));
    expect(answers.map(({ results }) => results.map(told))).toEqual([["ok 2"], ["stale"]]);
  });

  it("do not mind changes of another scope, or those that the policy does not count", async () => {
    const { core, wait } = openStore({ policy });
    await wait(core.write({ operations: [pod(a), pod("pods/other/c"), changed(a, 2)] }));
    expect((await wait(core.write(guarded(2, b)))).results.map(told)).toEqual(["ok 5"]);
  });

  it("refuse what a new instance cannot know to be fresh", async () => {
    const { core, another, wait } = openStore({ policy });
    await wait(core.write({ operations: [pod(a)] }));
    const next = another();
    await wait(next.list({ resource: "pods" }));
    expect((await wait(next.write(guarded(1, b)))).results.map(told)).toEqual(["stale"]);
    expect((await wait(next.write(guarded(2, b)))).results.map(told)).toEqual(["ok 3"]);
  });
});

describe("two instances over one database", () => {
  it("never both commit: the one that fell behind loads anew and answers by what is there", async () => {
    const { core, another, wait } = openStore();
    await wait(core.write({ operations: [pod(a)] }));
    const rival = another();
    expect((await wait(rival.write({ operations: [changed(a, 2), pod(b)] }))).results.map(told)).toEqual(["ok 3", "ok 4"]);
    expect((await wait(core.write({ operations: [changed(a, 2)] }))).results.map(told)).toEqual(["conflict ua 3"]);
    expect((await wait(core.write({ operations: [changed(a, 3)] }))).results.map(told)).toEqual(["ok 5"]);
    expect((await wait(rival.write({ operations: [remove(b)] }))).results.map(told)).toEqual(["ok 6"]);
  });

  it("do not tell refusals from memory: the one that fell behind looks first", async () => {
    const { core, another, wait } = openStore();
    await wait(core.write({ operations: [pod(a)] }));
    await wait(another().write({ operations: [remove(a)] }));
    expect((await wait(core.write({ operations: [pod(a)] }))).results.map(told)).toEqual(["ok 4"]);
  });

  it("claim a value once between them", async () => {
    const { core, another, wait } = openStore();
    const rival = another();
    await wait(rival.list({ resource: "pods" }));
    const both = [core.write({ operations: [pod(a, { claims: [ip] })] }), rival.write({ operations: [pod(b, { claims: [ip] })] })];
    const answers = await wait(Promise.all(both));
    expect(answers.map(({ results }) => results[0]?.ok).filter(Boolean)).toHaveLength(1);
  });
});
