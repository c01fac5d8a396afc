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

export class Agenda {
  readonly #ttlSecondsOf: (key: ObjectKey) => number | undefined;
  /** In order of their last write, which is the order of coming due. */
  readonly #unsettled = new Map<ObjectKey, { time: number; dueAt: number }>();
  /** Those that were looked at before, or stood when this instance started. */
  readonly #healing = new Map<ObjectKey, { time: number; dueAt: number }>();
  /** Of #healing; perhaps too early, never too late. */
  #healingDueAt = Infinity;
  /** By time to live, each in order of the last write. */
  readonly #expiring = new Map<number, Map<ObjectKey, number>>();

  /** `since`: what was due before it has been seen to (`meta.due_at`, or now). */
  constructor(policy: StorePolicy, objects: Iterable<ObjectRow>, since: number) {
    this.#ttlSecondsOf = (key) => policy.ttlSecondsOf?.(key);
    const rows = [...objects].toSorted((a, b) => a.time - b.time);
    for (const { key, time, index } of rows) {
      this.note({ key, time, after: index });
      if (!index.isSettled) this.#heal(key, time, since);
    }
  }

  note({ key, time, after }: Pick<HistoryRow, "key" | "time" | "after">): void {
    this.#unsettled.delete(key);
    this.#healing.delete(key);
    if (after !== undefined && !after.isSettled) this.#unsettled.set(key, { time, dueAt: time + firstHealMs });
    const ttlSeconds = this.#ttlSecondsOf(key);
    if (ttlSeconds === undefined) return;
    const expiring = this.#expiring.get(ttlSeconds) ?? new Map<ObjectKey, number>();
    this.#expiring.set(ttlSeconds, expiring);
    expiring.delete(key);
    if (after !== undefined) expiring.set(key, time + ttlSeconds * 1000);
  }

  /** The earliest time at which anything is due. */
  dueAt(): number | undefined {
    let earliest = Math.min(first(this.#unsettled)?.dueAt ?? Infinity, this.#healing.size > 0 ? this.#healingDueAt : Infinity);
    for (const expiring of this.#expiring.values()) earliest = Math.min(earliest, first(expiring) ?? Infinity);
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

  /** Keys that are unsettled for too long; each is due again when it has been so for twice the time. */
  takeUnsettled(now: number): ObjectKey[] {
    const due: ObjectKey[] = [];
    for (const [key, { time, dueAt }] of this.#unsettled) {
      if (dueAt > now) break;
      due.push(key);
      this.#heal(key, time, now + 1);
    }
    this.#healingDueAt = Infinity;
    for (const [key, { time, dueAt }] of this.#healing) {
      if (dueAt <= now) {
        due.push(key);
        this.#heal(key, time, now + 1);
      } else this.#healingDueAt = Math.min(this.#healingDueAt, dueAt);
    }
    return due;
  }

  #heal(key: ObjectKey, time: number, since: number): void {
    const dueAt = nextHeal(time, since);
    this.#unsettled.delete(key);
    this.#healing.set(key, { time, dueAt });
    this.#healingDueAt = Math.min(this.#healingDueAt, dueAt);
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

/** After 30 s, 1, 2, 4, … minutes, then every half hour: a function of the age alone, so that no instance forgets it. */
function nextHeal(time: number, since: number): number {
  let dueAt = time + firstHealMs;
  for (let wait = firstHealMs; dueAt < since; wait *= 2) {
    if (wait >= longestHealMs) return dueAt + Math.ceil((since - dueAt) / longestHealMs) * longestHealMs;
    dueAt += wait;
  }
  return dueAt;
}

function first<T>(map: Map<ObjectKey, T>): T | undefined {
  return map.values().next().value;
}
