/**
 * Budgets: objects that bound what the others of their namespace use together. The draft asks in commit order, so no two
 * writers can spend the same rest; the sums are counted once, when a namespace with a budget is first written to, and
 * then kept by what each change adds or takes.
 */
import { namespaceOf, resourceOf } from "./selection.ts";
import type { BudgetPolicy, Change, ObjectIndex, ObjectKey, Overspent, WriteOperation } from "./store.ts";

/** By measure. */
export type Amounts = ReadonlyMap<string, number>;

/** What a state or a draft knows of budgets. */
export interface BudgetView {
  /** Keys of the budgets of a namespace. */
  budgetsOf(namespace: string): ObjectKey[];
  budget(key: ObjectKey): ObjectIndex | undefined;
  /** What all objects that a budget covers use. */
  usedOf(budget: ObjectKey): Amounts;
  objectsIn(namespace: string): Iterable<[ObjectKey, ObjectIndex]>;
}

/** Everything that a budget covers, counted anew. */
export function recount(policy: BudgetPolicy, view: BudgetView, budget: ObjectKey): Amounts {
  const index = view.budget(budget);
  const sums = new Map<string, number>();
  if (index === undefined) return sums;
  for (const [key, object] of view.objectsIn(namespaceOf(budget))) add(sums, policy.usedOf(key, object, index), 1);
  return sums;
}

/** The sum of a budget after a change of an object that it may cover. */
export function after(policy: BudgetPolicy, used: Amounts, budget: ObjectIndex, change: Pick<Change, "key" | "before" | "after">): Amounts {
  const sums = new Map(used);
  if (change.before !== undefined) add(sums, policy.usedOf(change.key, change.before, budget), -1);
  if (change.after !== undefined) add(sums, policy.usedOf(change.key, change.after, budget), 1);
  return sums;
}

function add(sums: Map<string, number>, used: Record<string, number> | undefined, sign: 1 | -1): void {
  for (const measure in used) sums.set(measure, (sums.get(measure) ?? 0) + sign * (used[measure] ?? 0));
}

/** The first budget that an operation would exceed. Whoever uses no more than before is never refused. */
export function overspent(
  policy: BudgetPolicy,
  view: BudgetView,
  operation: Exclude<WriteOperation, { verb: "delete" }>,
  current: ObjectIndex | undefined,
): Overspent | undefined {
  const budgets = view.budgetsOf(namespaceOf(operation.key));
  for (const key of budgets) {
    const lacking = operation.verb === "create" ? lackingOf(policy, view.budget(key), operation) : undefined;
    if (lacking !== undefined) return { budget: key, lacking };
  }
  for (const key of budgets) {
    const exceeded = exceededOf(policy, view, key, { operation, current });
    if (exceeded.length > 0) return { budget: key, exceeded };
  }
  return undefined;
}

function lackingOf(
  policy: BudgetPolicy,
  budget: ObjectIndex | undefined,
  { key, text, index }: Exclude<WriteOperation, { verb: "delete" }>,
): Record<string, string[]> | undefined {
  if (budget === undefined || policy.usedOf(key, index, budget) === undefined) return undefined;
  const lacking = policy.lacking(key, text, budget);
  return Object.keys(lacking).length === 0 ? undefined : lacking;
}

function exceededOf(
  policy: BudgetPolicy,
  view: BudgetView,
  key: ObjectKey,
  { operation, current }: { operation: Exclude<WriteOperation, { verb: "delete" }>; current: ObjectIndex | undefined },
): NonNullable<Overspent["exceeded"]> {
  const budget = view.budget(key);
  const wanted = budget && policy.usedOf(operation.key, operation.index, budget);
  if (budget === undefined || wanted === undefined) return [];
  const before = (current && policy.usedOf(operation.key, current, budget)) ?? {};
  const limits = budget.limits ?? {};
  return Object.keys(wanted).toSorted().flatMap((measure) => {
    const [limit, requested] = [limits[measure], (wanted[measure] ?? 0) - (before[measure] ?? 0)];
    if (limit === undefined || requested <= 0) return [];
    const used = view.usedOf(key).get(measure) ?? 0;
    return used + requested <= limit ? [] : [{ measure, requested, used, limit }];
  });
}

/** Sums of the settled state, by budget: counted when first asked for. */
export class Ledger {
  readonly #sums = new Map<ObjectKey, Amounts>();

  usedOf(budget: ObjectKey, count: () => Amounts): Amounts {
    const known = this.#sums.get(budget);
    if (known !== undefined) return known;
    const counted = count();
    this.#sums.set(budget, counted);
    return counted;
  }

  /** What a draft that was committed has counted; undefined: the budget is gone. */
  settle(drafted: ReadonlyMap<ObjectKey, Amounts | undefined>): void {
    for (const [budget, sums] of drafted) {
      if (sums === undefined) this.#sums.delete(budget);
      else this.#sums.set(budget, sums);
    }
  }
}

export const isBudget = (policy: BudgetPolicy, key: ObjectKey): boolean => resourceOf(key) === policy.resource;
