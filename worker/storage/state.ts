/** What one instance holds in memory after it became the writer; replaced whole by the next load. */
import { Agenda } from "./agenda.ts";
import { Ledger, recount, type Amounts } from "./budgets.ts";
import { Catalog } from "./catalog.ts";
import { confirmMs, Confirmations } from "./confirmations.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Draft, View } from "./draft.ts";
import type { Commit, HistoryRow, Meta, ObjectRow, Snapshot } from "./persistence.ts";
import type { CorePorts } from "./ports.ts";
import { Ring } from "./ring.ts";
import { Scopes } from "./scopes.ts";
import type { TextCache } from "./text-cache.ts";
import type { ObjectIndex, ObjectKey, ObjectText } from "./store.ts";

/** What was selected is gone before its text was read: select again. */
export class CompactedError extends Error {
  override name = "CompactedError";
}

const ringLimit = 4_096;

export class State implements View {
  readonly catalog: Catalog;
  readonly agenda: Agenda;
  readonly confirmations = new Confirmations();
  readonly ring: Ring;
  readonly scopes: Scopes;
  readonly dispatcher: Dispatcher;
  readonly clusterUid: string;
  readonly epoch: number;
  revision: number;
  floor: number;
  /** As stored; the dispatcher knows the present one. */
  cursor: number;
  dueAt: number | null;
  /** As stored; the dispatcher knows the present ones. */
  overdue: string[];
  /** How far the next commit may compact. */
  nextFloor: number | undefined;
  readonly #ledger = new Ledger();
  readonly #cache: TextCache;
  readonly #ports: CorePorts;

  constructor({ snapshot, cache, ports }: { snapshot: Snapshot; cache: TextCache; ports: CorePorts }) {
    const { meta, objects, allocations } = snapshot;
    const { wake, clock } = ports;
    this.catalog = new Catalog(objects, allocations);
    const since = Math.min(meta.dueAt ?? Infinity, clock.now());
    this.agenda = new Agenda(ports.policy, objects, since);
    this.ring = new Ring(meta.revision, ringLimit);
    this.scopes = new Scopes(meta.revision);
    this.clusterUid = meta.clusterUid;
    this.epoch = meta.epoch;
    this.revision = meta.revision;
    this.floor = meta.floor;
    this.cursor = meta.cursor;
    this.dueAt = meta.dueAt;
    this.overdue = meta.overdue;
    this.dispatcher = new Dispatcher({ wake, clock, overdue: meta.overdue, onGivenUp: (target, error) => this.#givenUp(target, error) });
    this.#cache = cache;
    this.#ports = ports;
    this.#confirmSince(objects, since);
  }

  /** What an earlier instance had still to confirm. */
  #confirmSince(objects: Iterable<ObjectRow>, since: number): void {
    const { confirmations } = this.#ports.policy;
    const recent = [...objects].filter(({ key, time }) => time + confirmMs >= since && confirmations?.concerns(key) === true);
    for (const { key, revision, time, index } of recent.toSorted((a, b) => a.time - b.time)) {
      this.#confirm({ key, revision, time, type: "ADDED", previous: 0, after: index });
    }
  }

  #confirm(change: HistoryRow): void {
    const { policy: { confirmations }, log } = this.#ports;
    if (confirmations?.concerns(change.key) !== true) return;
    try {
      this.confirmations.note(confirmations.targetsOf(change, this.catalog), change.time);
    } catch (error) {
      log?.(`whom a change of ${change.key} concerns`, error);
    }
  }

  /** Its object may be unsettled, and then the cron finds it; if not, it is tried again all the same. */
  #givenUp(target: string, error: unknown): void {
    const { clock, log } = this.#ports;
    log?.(`waking ${target} failed for now`, error);
    this.confirmations.note([target], clock.now());
  }

  /** When the first target is due to be woken once more, once these changes are settled; perhaps too early. */
  confirmationsDueAfter(changes: HistoryRow[]): number {
    const { confirmations } = this.#ports.policy;
    const first = changes.find(({ key }) => confirmations?.concerns(key) === true);
    return Math.min(this.confirmations.dueAt() ?? Infinity, first === undefined ? Infinity : first.time + confirmMs);
  }

  isAt(meta: Meta): boolean {
    return meta.epoch === this.epoch && meta.revision === this.revision;
  }

  entry(key: ObjectKey): ObjectRow | undefined {
    return this.catalog.entry(key);
  }

  owner(claim: string): ObjectKey | undefined {
    return this.catalog.owner(claim);
  }

  claimsOf(key: ObjectKey): Iterable<string> {
    return this.catalog.claimsOf(key);
  }

  scopeRevision(scope: string): number {
    return this.scopes.revision(scope);
  }

  budgetsOf(namespace: string): ObjectKey[] {
    const { budgets } = this.#ports.policy;
    if (budgets === undefined) return [];
    const { keys, start, end } = this.catalog.range(budgets.resource, namespace);
    return start === end ? none : keys.slice(start, end);
  }

  budget(key: ObjectKey): ObjectIndex | undefined {
    return this.catalog.get(key);
  }

  usedOf(budget: ObjectKey): Amounts {
    const { budgets } = this.#ports.policy;
    return this.#ledger.usedOf(budget, () => (budgets === undefined ? new Map() : recount(budgets, this, budget)));
  }

  objectsIn(namespace: string): Iterable<[ObjectKey, ObjectIndex]> {
    return this.catalog.allInNamespace(namespace);
  }

  /** The revision up to which every wake was acknowledged. */
  acknowledged(): number {
    return Math.max(this.cursor, this.dispatcher.cursor(this.revision));
  }

  /** The commit is in the database. */
  settle(draft: Draft, commit: Commit): void {
    const changes = draft.changes.map(withoutText);
    for (const change of changes) this.#apply(change);
    for (const [claim, owner] of draft.owners) this.catalog.claim(claim, owner);
    for (const [scope, revision] of draft.scopes) this.scopes.bump(scope, revision);
    this.#ledger.settle(draft.used);
    if (commit.floor > this.floor) this.nextFloor = undefined;
    this.cursor = commit.cursor;
    this.dueAt = commit.dueAt;
    this.overdue = commit.overdue;
    this.floor = commit.floor;
    this.offerWakes(changes);
    for (const change of changes) this.#confirm(change);
  }

  #apply(change: HistoryRow): void {
    this.catalog.apply(change);
    this.agenda.note(change);
    this.ring.push(change);
    this.revision = change.revision;
  }

  /** Maps changes to those whom they concern. */
  offerWakes(changes: HistoryRow[]): void {
    const { policy, log } = this.#ports;
    for (const change of changes) {
      // The domain's code on stored data: one change that it cannot map must not stop the store.
      try {
        this.dispatcher.offer(policy.wakesOf(change, this.catalog), change.revision);
      } catch (error) {
        log?.(`mapping a change of ${change.key}`, error);
      }
    }
  }

  /** Texts of revisions, from memory, else from the database. `isScan`: for a list, see ./text-cache.ts. */
  async texts(revisions: Iterable<number>, { isScan = false } = {}): Promise<Map<number, ObjectText>> {
    const found = new Map<number, ObjectText>();
    const missing: number[] = [];
    for (const revision of revisions) {
      const text = isScan ? this.#cache.peek(revision) : this.#cache.get(revision);
      if (text === undefined) missing.push(revision);
      else found.set(revision, text);
    }
    for (let at = 0; at < missing.length; at += textsAtOnce) {
      for (const [revision, text] of await this.#ports.persistence.texts(missing.slice(at, at + textsAtOnce))) {
        found.set(revision, text);
        if (isScan) this.#cache.fill(revision, text);
        else this.#cache.put(revision, text);
      }
    }
    if (missing.some((revision) => !found.has(revision))) throw new CompactedError("a version went while it was being read");
    return found;
  }

  /** At most `limit` changes after a revision that is not below the floor. */
  async history(after: number, limit: number): Promise<HistoryRow[]> {
    return this.ring.after(after, limit) ?? this.#ports.persistence.history(after, limit);
  }
}

const none: ObjectKey[] = [];

/** A batch's answer stays at a few megabytes with real pods of 10–20 KB. */
const textsAtOnce = 500;

/** The text has its own, bounded place. */
export function withoutText({ revision, key, type, previous, time, before, after }: HistoryRow): HistoryRow {
  return { revision, key, type, previous, time, ...(before && { before }), ...(after && { after }) };
}
