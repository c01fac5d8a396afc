/**
 * What comes due without anybody asking: objects that stay unsettled (a wake was lost) and objects that expire. The
 * earliest time is written with each commit into `meta.due_at`, so the cron reads one row to know that all is well,
 * and no index has to be kept (and billed) in the database.
 */
import type { HistoryRow, ObjectRow } from "./persistence.ts";
import type { ObjectKey, StorePolicy } from "./store.ts";

/** An object that is unsettled for this long after its last write is looked at again, then ever more rarely. */
export const firstHealMs = 30_000;
const longestHealMs = 30 * 60_000;

interface Healing {
  dueAt: number;
  waitMs: number;
}

export class Agenda {
  readonly #ttlSecondsOf: (key: ObjectKey) => number | undefined;
  /** In order of their last write, which is the order of coming due. */
  readonly #unsettled = new Map<ObjectKey, number>();
  /** Those that were looked at before. */
  readonly #healing = new Map<ObjectKey, Healing>();
  /** By time to live, each in order of the last write. */
  readonly #expiring = new Map<number, Map<ObjectKey, number>>();

  constructor(policy: StorePolicy, objects: Iterable<ObjectRow>) {
    this.#ttlSecondsOf = (key) => policy.ttlSecondsOf?.(key);
    const rows = [...objects].toSorted((a, b) => a.time - b.time);
    for (const { key, time, index } of rows) this.note({ key, time, after: index });
  }

  note({ key, time, after }: Pick<HistoryRow, "key" | "time" | "after">): void {
    this.#unsettled.delete(key);
    this.#healing.delete(key);
    if (after !== undefined && !after.isSettled) this.#unsettled.set(key, time + firstHealMs);
    const ttlSeconds = this.#ttlSecondsOf(key);
    if (ttlSeconds === undefined) return;
    const expiring = this.#expiring.get(ttlSeconds) ?? new Map<ObjectKey, number>();
    this.#expiring.set(ttlSeconds, expiring);
    expiring.delete(key);
    if (after !== undefined) expiring.set(key, time + ttlSeconds * 1000);
  }

  /** The earliest time at which anything is due. */
  dueAt(): number | undefined {
    let earliest = first(this.#unsettled) ?? Infinity;
    for (const expiring of this.#expiring.values()) earliest = Math.min(earliest, first(expiring) ?? Infinity);
    for (const { dueAt } of this.#healing.values()) earliest = Math.min(earliest, dueAt);
    return earliest === Infinity ? undefined : earliest;
  }

  /** The same once these changes are noted; perhaps too early, never too late. */
  dueAfter(changes: HistoryRow[]): number | undefined {
    let earliest = this.dueAt() ?? Infinity;
    for (const { key, time, after } of changes) {
      if (after === undefined) continue;
      if (!after.isSettled) earliest = Math.min(earliest, time + firstHealMs);
      earliest = Math.min(earliest, time + (this.#ttlSecondsOf(key) ?? Infinity) * 1000);
    }
    return earliest === Infinity ? undefined : earliest;
  }

  /** Keys that are unsettled for too long; each is due again after twice the time. */
  takeUnsettled(now: number): ObjectKey[] {
    const due: ObjectKey[] = [];
    for (const [key, dueAt] of this.#unsettled) {
      if (dueAt > now) break;
      this.#unsettled.delete(key);
      this.#healing.set(key, { dueAt: now, waitMs: firstHealMs });
    }
    for (const [key, { dueAt, waitMs }] of this.#healing) {
      if (dueAt > now) continue;
      due.push(key);
      const next = Math.min(waitMs * 2, longestHealMs);
      this.#healing.set(key, { dueAt: now + next, waitMs: next });
    }
    return due;
  }

  /** Keys whose time to live is over, at most `limit`; they stay until they are deleted. */
  expired(now: number, limit: number): ObjectKey[] {
    const due: ObjectKey[] = [];
    for (const expiring of this.#expiring.values()) {
      for (const [key, dueAt] of expiring) {
        if (dueAt > now || due.length >= limit) break;
        due.push(key);
      }
    }
    return due;
  }
}

function first(map: Map<ObjectKey, number>): number | undefined {
  return map.values().next().value;
}
