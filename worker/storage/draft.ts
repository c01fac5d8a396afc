/**
 * Evaluation of write lists against the settled state, without touching it: a draft is a view of what the state would
 * be. A list is drafted upon the group's draft and either absorbed or forgotten, which makes lists atomic, refusable
 * and dry for free.
 */
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import type { HistoryRow, ObjectRow, VersionRow } from "./persistence.ts";
import { after as usedAfter, isBudget, overspent, recount, type Amounts, type BudgetView } from "./budgets.ts";
import { namespaceOf } from "./selection.ts";
import { maximumTextBytes, type Claim, type ObjectIndex, type ObjectKey, type Requirement, type StorePolicy, type WriteList, type WriteOperation, type WriteResult } from "./store.ts";
import { claimId } from "./catalog.ts";
import { utf8Bytes } from "./json-chunks.ts";

/** What evaluation reads. */
export interface View extends BudgetView {
  readonly revision: number;
  entry(key: ObjectKey): ObjectRow | undefined;
  owner(claim: string): ObjectKey | undefined;
  claimsOf(key: ObjectKey): Iterable<string>;
  scopeRevision(scope: string): number;
}

type Refusal = Exclude<WriteResult, { ok: true }>;
/** What evaluation asks of the domain. */
export type DraftPolicy = Pick<StorePolicy, "scopesOf" | "budgets">;

export class Draft implements View {
  readonly changes: VersionRow[] = [];
  readonly owners = new Map<string, ObjectKey | undefined>();
  readonly scopes = new Map<string, number>();
  readonly entries = new Map<ObjectKey, ObjectRow | undefined>();
  /** Sums of budgets that this draft's changes moved; undefined: the budget is gone. */
  readonly used = new Map<ObjectKey, Amounts | undefined>();
  readonly #base: View;
  readonly #policy: DraftPolicy;
  readonly #now: number;

  constructor(base: View, policy: DraftPolicy, now: number) {
    this.#base = base;
    this.#policy = policy;
    this.#now = now;
  }

  get revision(): number {
    return this.changes.at(-1)?.revision ?? this.#base.revision;
  }

  entry(key: ObjectKey): ObjectRow | undefined {
    return this.entries.has(key) ? this.entries.get(key) : this.#base.entry(key);
  }

  owner(claim: string): ObjectKey | undefined {
    return this.owners.has(claim) ? this.owners.get(claim) : this.#base.owner(claim);
  }

  claimsOf(key: ObjectKey): string[] {
    const settled = [...this.#base.claimsOf(key)].filter((claim) => !this.owners.has(claim));
    const drafted = [...this.owners].filter(([, owner]) => owner === key).map(([claim]) => claim);
    return [...settled, ...drafted];
  }

  scopeRevision(scope: string): number {
    return this.scopes.get(scope) ?? this.#base.scopeRevision(scope);
  }

  budgetsOf(namespace: string): ObjectKey[] {
    const settled = this.#base.budgetsOf(namespace);
    if (this.used.size === 0) return settled;
    // A budget that the draft made or ended has its sum here.
    const drafted = [...this.used.keys()].filter((key) => namespaceOf(key) === namespace && !settled.includes(key));
    return [...settled, ...drafted].filter((key) => this.entry(key) !== undefined);
  }

  budget(key: ObjectKey): ObjectIndex | undefined {
    return this.entry(key)?.index;
  }

  usedOf(budget: ObjectKey): Amounts {
    return this.used.get(budget) ?? this.#base.usedOf(budget);
  }

  *objectsIn(namespace: string): Iterable<[ObjectKey, ObjectIndex]> {
    for (const [key, index] of this.#base.objectsIn(namespace)) if (!this.entries.has(key)) yield [key, index];
    for (const [key, entry] of this.entries) if (entry !== undefined && namespaceOf(key) === namespace) yield [key, entry.index];
  }

  /** Evaluates a list as the next one of this draft. */
  add(list: WriteList): WriteResult[] {
    const isStale = (list.guards ?? []).some(({ scope, revision }) => this.scopeRevision(scope) > revision);
    if (isStale) return list.operations.map(() => ({ ok: false, reason: "stale" }));
    const draft = new Draft(this, this.#policy, this.#now);
    const results = list.operations.map((operation) => draft.#evaluate(operation));
    if (list.isAtomic === true && results.some(({ ok }) => !ok)) {
      return results.map((result) => (result.ok ? { ok: false, reason: "aborted" } : result));
    }
    if (list.isDryRun === true) return draft.#unwritten(results);
    this.#absorb(draft);
    return results;
  }

  /** A dry run's results name the revisions that stand: 0 for what would be created. */
  #unwritten(results: WriteResult[]): WriteResult[] {
    const changes = this.changes.values();
    return results.map((result) => (result.ok ? { ok: true, revision: changes.next().value?.previous ?? 0 } : result));
  }

  #absorb(draft: Draft): void {
    for (const change of draft.changes) this.changes.push(change);
    for (const [key, entry] of draft.entries) this.entries.set(key, entry);
    for (const [claim, owner] of draft.owners) this.owners.set(claim, owner);
    for (const [scope, revision] of draft.scopes) this.scopes.set(scope, revision);
    for (const [budget, sums] of draft.used) this.used.set(budget, sums);
  }

  #evaluate(operation: WriteOperation): WriteResult {
    const current = this.entry(operation.key);
    const refusal = this.#unmet(operation, current) ?? this.#unclaimable(operation) ?? tooLarge(operation) ?? this.#overBudget(operation, current);
    if (refusal !== undefined) return refusal;
    for (const claim of released(operation)) if (this.owner(claim) === operation.key) this.owners.set(claim, undefined);
    for (const claim of claims(operation)) this.owners.set(claimId(claim), operation.key);
    if (operation.verb === "delete") for (const claim of this.claimsOf(operation.key)) this.owners.set(claim, undefined);
    return { ok: true, revision: this.#record(operation, current) };
  }

  /** A create asks for its surroundings first (no such namespace), the others for their object. */
  #unmet(operation: WriteOperation, current: ObjectRow | undefined): Refusal | undefined {
    const precondition = preconditionRefusal(operation, current);
    if (operation.verb !== "create" && precondition !== undefined) return precondition;
    const requires = operation.requires ?? [];
    const at = requires.findIndex((requirement) => !holds(requirement, this.entry(requirement.key)));
    const unmet = requires[at];
    return unmet === undefined ? precondition : { ok: false, reason: "requirement", at, ...currentOf(this.entry(unmet.key)) };
  }

  #unclaimable(operation: WriteOperation): Refusal | undefined {
    const at = claims(operation).findIndex((claim) => {
      const owner = this.owner(claimId(claim));
      return owner !== undefined && owner !== operation.key;
    });
    return at >= 0 ? { ok: false, reason: "claimed", at } : undefined;
  }

  #overBudget(operation: WriteOperation, current: ObjectRow | undefined): Refusal | undefined {
    const { budgets } = this.#policy;
    const found = budgets && operation.verb !== "delete" ? overspent(budgets, this, operation, current?.index) : undefined;
    return found && { ok: false, reason: "over-budget", overspent: found };
  }

  #record(operation: WriteOperation, current: ObjectRow | undefined): number {
    const revision = this.revision + 1;
    const after = operation.verb === "delete" ? undefined : operation.index;
    const change: VersionRow = {
      revision,
      key: operation.key,
      type: after === undefined ? "DELETED" : current === undefined ? "ADDED" : "MODIFIED",
      previous: current?.revision ?? 0,
      time: this.#now,
      ...(current && { before: current.index }),
      ...(after && { after }),
      ...(operation.verb !== "delete" && { text: operation.text }),
    };
    this.changes.push(change);
    const sums = this.#spend(change);
    this.entries.set(change.key, after && { key: change.key, revision, time: this.#now, index: after });
    for (const [budget, used] of sums) this.used.set(budget, used);
    this.#budgetChanged(change);
    for (const scope of this.#policy.scopesOf(change)) this.scopes.set(scope, revision);
    return revision;
  }

  /** The sums of its namespace's budgets after a change that is not recorded yet: a sum not known so far is counted without it. */
  #spend(change: VersionRow): [ObjectKey, Amounts][] {
    const { budgets } = this.#policy;
    if (budgets === undefined) return [];
    return this.budgetsOf(namespaceOf(change.key)).flatMap((key) => {
      const budget = this.budget(key);
      return budget === undefined ? [] : [[key, usedAfter(budgets, this.usedOf(key), budget, change)]];
    });
  }

  /** A budget that is new, or bounds something else than before, is counted anew. */
  #budgetChanged({ key, before, after }: VersionRow): void {
    const { budgets } = this.#policy;
    if (budgets === undefined || !isBudget(budgets, key)) return;
    const isSame = before !== undefined && after !== undefined && isEqual([before.limits, before.covers], [after.limits, after.covers]);
    if (!isSame) this.used.set(key, after && recount(budgets, this, key));
  }
}

function currentOf(row: ObjectRow | undefined): Pick<Refusal, "current"> | undefined {
  return row && { current: { revision: row.revision, uid: row.index.uid } };
}

function preconditionRefusal(operation: WriteOperation, current: ObjectRow | undefined): Refusal | undefined {
  const known = currentOf(current);
  if (operation.verb === "create") return current && { ok: false, reason: "exists", ...known };
  if (current === undefined) return { ok: false, reason: "not-found" };
  const { uid, revision } = operation.expect;
  if (uid !== undefined && uid !== current.index.uid) return { ok: false, reason: "uid-mismatch", ...known };
  if (revision !== undefined && revision !== current.revision) return { ok: false, reason: "conflict", ...known };
  return undefined;
}

function holds({ is, uid, revision }: Requirement, entry: ObjectRow | undefined): boolean {
  if (is === "absent") return entry === undefined;
  if (entry === undefined || (is === "active" && entry.index.isDeleting)) return false;
  return (uid === undefined || uid === entry.index.uid) && (revision === undefined || revision === entry.revision);
}

function tooLarge(operation: WriteOperation): Refusal | undefined {
  if (operation.verb === "delete" || operation.text.length * 3 <= maximumTextBytes) return undefined;
  return utf8Bytes(operation.text) > maximumTextBytes ? { ok: false, reason: "too-large" } : undefined;
}

function claims(operation: WriteOperation): Claim[] {
  return operation.verb === "delete" ? [] : operation.claims ?? [];
}

function released(operation: WriteOperation): string[] {
  return operation.verb === "update" ? (operation.releases ?? []).map(claimId) : [];
}

/** Keys whose last state of a group stands, and those that are gone. */
export function outcome(changes: HistoryRow[]): { current: number[]; gone: ObjectKey[] } {
  const last = new Map<ObjectKey, { revision: number; after?: ObjectIndex; isNew: boolean }>();
  for (const { key, revision, after, previous } of changes) {
    const isNew = last.get(key)?.isNew ?? previous === 0;
    last.set(key, { revision, isNew, ...(after && { after }) });
  }
  const all = [...last];
  return {
    current: all.filter(([, { after }]) => after !== undefined).map(([, { revision }]) => revision),
    gone: all.filter(([, { after, isNew }]) => after === undefined && !isNew).map(([key]) => key),
  };
}
