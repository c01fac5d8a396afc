/** Budgets: nobody spends what another writer spent, and the sums are what a recount says. */
import { describe, expect, it } from "vitest";
import { recount } from "../../worker/storage/budgets.ts";
import type { BudgetPolicy, ObjectIndex, ObjectKey, StorePolicy, WriteOperation, WriteResult } from "../../worker/storage/store.ts";
import { create, remove, update } from "./objects.ts";
import { openStore, type SingleStore } from "./single-store.ts";

/** Each object uses its own amounts, and is one. */
const budgets: BudgetPolicy = {
  resource: "budgets",
  usedOf: (key, { uses }, { limits = {} }) => {
    if (key.startsWith("budgets/")) return undefined;
    return Object.fromEntries(Object.keys(limits).map((measure) => [measure, measure === "objects" ? 1 : (uses?.amounts[measure] ?? 0)]));
  },
  lacking: (_key, text, { limits = {} }): Record<string, string[]> => (limits["cpu"] !== undefined && text.includes("says no cpu") ? { cpu: ["c"] } : {}),
};
const policy: StorePolicy = { wakesOf: () => [], scopesOf: () => [], budgets };

const budget = (name: string, limits: Record<string, number>, namespace = "default") => create(`budgets/${namespace}/${name}`, "", { limits });
const pod = (name: string, cpu = 0, value = "") => create(`pods/default/${name}`, value, { uses: { amounts: { cpu } } });
const grown = (name: string, revision: number, cpu: number) => update(`pods/default/${name}`, revision, "", { uses: { amounts: { cpu } } });

function told(result: WriteResult): string {
  if (result.ok) return "ok";
  const { budget: key, exceeded = [], lacking = {} } = result.overspent ?? { budget: "" };
  return [result.reason, key, ...exceeded.map(({ measure, requested, used, limit }) => `${measure} ${used}+${requested}/${limit}`), ...Object.keys(lacking).map((measure) => `lacks ${measure}`)].join(" ");
}

interface Row {
  says: string;
  given?: WriteOperation[];
  list: WriteOperation[];
  answers: string[];
}

const rows: Row[] = [
  { says: "without one nothing is bounded", list: [pod("a", 99)], answers: ["ok"] },
  { says: "a list is evaluated in order", given: [budget("b", { objects: 2 })], list: [pod("a"), pod("b"), pod("c")], answers: ["ok", "ok", "over-budget budgets/default/b objects 2+1/2"] },
  { says: "what was there before counts", given: [pod("a", 3), budget("b", { cpu: 5 })], list: [pod("b", 2), pod("c", 1)], answers: ["ok", "over-budget budgets/default/b cpu 5+1/5"] },
  { says: "what was there may be too much already", given: [pod("a", 9), budget("b", { cpu: 5 })], list: [pod("b", 0), pod("c", 1)], answers: ["ok", "over-budget budgets/default/b cpu 9+1/5"] },
  { says: "an end gives free", given: [budget("b", { objects: 1 }), pod("a")], list: [pod("b"), remove("pods/default/a"), pod("b")], answers: ["over-budget budgets/default/b objects 1+1/1", "ok", "ok"] },
  { says: "an update counts by its difference", given: [budget("b", { cpu: 5 }), pod("a", 3)], list: [grown("a", 3, 6), grown("a", 3, 5), grown("a", 4, 1), pod("b", 4)], answers: ["over-budget budgets/default/b cpu 3+3/5", "ok", "ok", "ok"] },
  { says: "every budget of the namespace bounds", given: [budget("a", { objects: 9 }), budget("b", { cpu: 1 })], list: [pod("a", 2)], answers: ["over-budget budgets/default/b cpu 0+2/1"] },
  { says: "others' budgets do not", given: [budget("b", { objects: 0 }, "other")], list: [pod("a")], answers: ["ok"] },
  { says: "a budget made in the same list bounds what follows", list: [pod("a"), budget("b", { objects: 1 }), pod("b")], answers: ["ok", "ok", "over-budget budgets/default/b objects 1+1/1"] },
  { says: "a budget that ends bounds nothing that follows", given: [budget("b", { objects: 0 })], list: [pod("a"), remove("budgets/default/b"), pod("a")], answers: ["over-budget budgets/default/b objects 0+1/0", "ok", "ok"] },
  { says: "what has to be stated is", given: [budget("b", { cpu: 9 })], list: [pod("a", 0, "says no cpu"), pod("b", 1)], answers: ["over-budget budgets/default/b lacks cpu", "ok"] },
];

describe("a budget", () => {
  it.each(rows)("$says", async ({ given = [], list, answers }) => {
    const { core, wait } = openStore({ policy });
    if (given.length > 0) expect((await wait(core.write({ operations: given }))).results.map(told)).toEqual(given.map(() => "ok"));
    expect((await wait(core.write({ operations: list }))).results.map(told)).toEqual(answers);
  });

  it("is not spent by a dry run, nor by a list that was refused whole", async () => {
    const { core, wait } = openStore({ policy });
    await wait(core.write({ operations: [budget("b", { objects: 1 })] }));
    expect((await wait(core.write({ operations: [pod("a"), pod("b")], isDryRun: true }))).results.map(told)).toEqual(["ok", "over-budget budgets/default/b objects 1+1/1"]);
    await wait(core.write({ operations: [pod("a"), pod("b")], isAtomic: true }));
    expect((await wait(core.write({ operations: [pod("a")] }))).results.map(told)).toEqual(["ok"]);
    expect(await core.usedOf("budgets/default/b")).toEqual({ objects: 1 });
  });

  it("is counted anew by another instance, and when it bounds something else", async () => {
    const { core, another, wait } = openStore({ policy });
    await wait(core.write({ operations: [budget("b", { cpu: 9 }), pod("a", 3), pod("b", 4)] }));
    expect(await wait(another().usedOf("budgets/default/b"))).toEqual({ cpu: 7 });
    await wait(core.write({ operations: [update("budgets/default/b", 2, "", { limits: { objects: 2, cpu: 9 } })] }));
    expect(await wait(core.usedOf("budgets/default/b"))).toEqual({ objects: 2, cpu: 7 });
  });
});

/** Small and repeatable. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function contents({ core, wait }: SingleStore): Promise<Map<ObjectKey, { revision: number }>> {
  const page = await wait(core.list({ resource: "pods" }));
  return new Map("expired" in page ? [] : page.items.map(({ key, revision }) => [key, { revision }]));
}

function randomList(draw: (below: number) => number, present: Map<ObjectKey, { revision: number }>): WriteOperation[] {
  return Array.from({ length: 1 + draw(4) }, (): WriteOperation => {
    const name = `p${draw(12)}`;
    const key = `pods/default/${name}`;
    const revision = present.get(key)?.revision;
    if (revision === undefined) return pod(name, draw(5));
    return draw(3) === 0 ? remove(key) : grown(name, revision, draw(6));
  });
}

describe("under concurrency", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("a limit is never exceeded and the sums are a recount's (run %i)", async (seed) => {
    const store = openStore({ policy });
    const draw = random(seed);
    const limits = { objects: 6, cpu: 14 };
    await store.wait(store.core.write({ operations: [budget("b", limits)] }));
    let refused = 0;
    for (let round = 0; round < 40; round += 1) {
      const present = await contents(store);
      const lists = Array.from({ length: 1 + draw(5) }, () => ({ operations: randomList(draw, present), isAtomic: draw(4) === 0, isDryRun: draw(6) === 0 }));
      const answers = await store.wait(Promise.all(lists.map((list) => store.core.write(list))));
      refused += answers.flatMap(({ results }) => results).filter((result) => !result.ok && result.reason === "over-budget").length;
      const used = await store.core.usedOf("budgets/default/b");
      expect(used["objects"]).toBeLessThanOrEqual(limits.objects);
      expect(used["cpu"]).toBeLessThanOrEqual(limits.cpu);
      expect(used).toEqual(Object.fromEntries(counted(store)));
    }
    expect(refused).toBeGreaterThan(0);
  });
});

/** From what the database holds. */
function counted({ database }: SingleStore): ReadonlyMap<string, number> {
  const rows = database.prepare("SELECT key, idx FROM objects").all() as { key: string; idx: string }[];
  const indexes = new Map(rows.map(({ key, idx }): [ObjectKey, ObjectIndex] => [key, JSON.parse(idx) as ObjectIndex]));
  return recount(budgets, { budgetsOf: () => [], budget: (key) => indexes.get(key), usedOf: () => new Map(), objectsIn: () => indexes }, "budgets/default/b");
}
