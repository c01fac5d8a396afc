/**
 * Decides how far history may go: what is older than the window or beyond the number kept, in steps that ride on
 * commits, and never past the dispatch cursor (a wake that was not acknowledged is found again in the history).
 */
import type { Clock } from "./clock.ts";
import type { Persistence } from "./persistence.ts";
import type { State } from "./state.ts";

export interface HistoryBounds {
  /** Kept at least this long … */
  windowMs: number;
  /** … but never more than this many. */
  versions: number;
}

/** etcd under a kube-apiserver keeps five to ten minutes. */
export const defaultHistory: HistoryBounds = { windowMs: 5 * 60_000, versions: 20_000 };

const step = 500;

export class Compactor {
  readonly #persistence: Persistence;
  readonly #clock: Clock;
  readonly #bounds: HistoryBounds;
  #lookAgainAt = 0;

  constructor(options: { persistence: Persistence; clock: Clock; bounds: HistoryBounds }) {
    this.#persistence = options.persistence;
    this.#clock = options.clock;
    this.#bounds = options.bounds;
  }

  get windowMs(): number {
    return this.#bounds.windowMs;
  }

  /** Whether it is worth looking into the history now. */
  isDue(state: State): boolean {
    return this.#clock.now() >= this.#lookAgainAt || state.revision - state.floor > this.#bounds.versions + step;
  }

  /** The next floor, at most one step on; undefined: nothing may go yet. */
  async nextFloor(state: State): Promise<number | undefined> {
    const now = this.#clock.now();
    const { floor, revision } = state;
    const cursor = state.acknowledged();
    const rows = cursor > floor ? await this.#persistence.history(floor, step) : [];
    const isOld = (row: { revision: number; time: number }) =>
      row.time <= now - this.#bounds.windowMs || row.revision <= revision - this.#bounds.versions;
    let next = floor;
    for (const row of rows) {
      if (row.revision > cursor || !isOld(row)) {
        this.#lookAgainAt = Math.max(now + 1000, row.time + this.#bounds.windowMs);
        break;
      }
      next = row.revision;
    }
    if (rows.length === 0) this.#lookAgainAt = now + this.#bounds.windowMs;
    return next > floor ? next : undefined;
  }
}
