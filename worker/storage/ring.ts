/** The latest changes, in order and without gaps, so that most watches and pages need no database. */
import type { HistoryRow } from "./persistence.ts";

export class Ring {
  #rows: HistoryRow[] = [];
  #since: number;
  readonly #limit: number;

  /** Knows everything after `since`. */
  constructor(since: number, limit: number) {
    this.#since = since;
    this.#limit = limit;
  }

  /** Exclusive: what is at or below must be read from the database. */
  get since(): number {
    return this.#since;
  }

  push(row: HistoryRow): void {
    this.#rows.push(row);
    // Half at once, so that dropping costs nothing per change.
    if (this.#rows.length <= this.#limit) return;
    const dropped = this.#rows.splice(0, this.#limit >>> 1);
    this.#since = dropped.at(-1)?.revision ?? this.#since;
  }

  /** At most `limit` changes after a revision; undefined if they are not all here. */
  after(revision: number, limit: number = Infinity): HistoryRow[] | undefined {
    if (revision < this.#since) return undefined;
    // Revisions have no gaps: the position follows from the first one.
    const start = Math.max(0, revision + 1 - (this.#rows[0]?.revision ?? 0));
    return this.#rows.slice(start, start + limit);
  }
}
