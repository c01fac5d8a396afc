/** What the cron asks for: wakes again whom unsettled objects concern, deletes what expired, compacts, takes note. */
import { withTimeout } from "./clock.ts";
import { dueAfter } from "./commit-plan.ts";
import type { Committer } from "./committer.ts";
import type { Compactor } from "./compactor.ts";
import type { Loader } from "./loader.ts";
import type { CorePorts } from "./ports.ts";
import type { State } from "./state.ts";

const expireAtOnce = 500;
const mostCompactionSteps = 50;
/** A text may have 1.4 MB, and an isolate has 128. */
const resealedAtOnce = 20;
const mostResealed = 500;
/** Wakes get this long to be acknowledged before the cursor is noted. */
const wakesMs = 10_000;

export interface UpkeepOptions {
  ports: CorePorts;
  loader: Loader;
  committer: Committer;
  compactor: Compactor;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  #isLookingBack = false;
  /** Up to where rows of older keys are known to be gone; Infinity: everywhere. */
  #resealedTo = 0;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  async run(): Promise<{ woken: number; expired: number; compacted: number }> {
    const { ports, loader } = this.#options;
    const state = await loader.ready();
    const woken = this.#heal(state);
    const expired = await this.#expire();
    await withTimeout(ports.clock, wakesMs, "wakes", state.dispatcher.whenIdle()).catch((error: unknown) => ports.log?.("upkeep", error));
    const compacted = await this.#compact();
    // What a rotation of the encryption key was begun for is done bit by bit, should nobody ask for it.
    if (ports.persistence.hasOldKeys && this.#resealedTo !== Infinity) await this.reseal();
    await this.#takeNote();
    return { woken, expired, compacted };
  }

  /** After a commit: finds out how far the next one may compact. */
  async lookBack(state: State): Promise<void> {
    const { ports, compactor } = this.#options;
    if (this.#isLookingBack || state.nextFloor !== undefined || !compactor.isDue(state)) return;
    this.#isLookingBack = true;
    try {
      state.nextFloor = await compactor.nextFloor(state);
    } catch (error) {
      ports.log?.("looking for history to compact", error);
    } finally {
      this.#isLookingBack = false;
    }
  }

  /** Unsettled ones as if each had just been created, so that the policy names everybody. */
  #heal(state: State): number {
    const now = this.#options.ports.clock.now();
    const keys = state.agenda.takeUnsettled(now);
    const entries = keys.flatMap((key) => state.entry(key) ?? []);
    state.offerWakes(entries.map(({ key, revision, time, index }) => ({ key, revision, time, type: "ADDED", previous: 0, after: index })));
    const unconfirmed = state.confirmations.take(now);
    state.dispatcher.offer(unconfirmed, state.revision);
    return entries.length + unconfirmed.length;
  }

  async #expire(): Promise<number> {
    const { ports, loader, committer } = this.#options;
    for (let count = 0;;) {
      const state = await loader.ready();
      const entries = state.agenda.expired(ports.clock.now(), expireAtOnce).flatMap((key) => state.entry(key) ?? []);
      const operations = entries.map(({ key, revision }) => ({ verb: "delete" as const, key, expect: { revision } }));
      const { results } = operations.length === 0 ? { results: [] } : await committer.write({ operations });
      const deleted = results.filter(({ ok }) => ok).length;
      count += deleted;
      if (deleted === 0) return count;
    }
  }

  async #compact(): Promise<number> {
    const { loader, committer, compactor } = this.#options;
    const from = (await loader.ready()).floor;
    for (let step = 0; step < mostCompactionSteps; step++) {
      const state = await loader.ready();
      state.nextFloor = await compactor.nextFloor(state);
      if (state.nextFloor === undefined) break;
      await committer.checkpoint();
    }
    return (await loader.ready()).floor - from;
  }

  /** Seals a number of rows of older keys anew. */
  async reseal(): Promise<{ resealed: number; isDone: boolean }> {
    const { persistence } = this.#options.ports;
    let count = 0;
    while (count < mostResealed) {
      const { resealed, last } = await persistence.reseal(this.#resealedTo === Infinity ? 0 : this.#resealedTo, resealedAtOnce);
      count += resealed;
      this.#resealedTo = last ?? Infinity;
      if (last === undefined) return { resealed: count, isDone: true };
    }
    return { resealed: count, isDone: false };
  }

  /** A row is written only if cursor, due time or what is overdue have moved. */
  async #takeNote(): Promise<void> {
    const { ports, loader, committer, compactor } = this.#options;
    const state = await loader.ready();
    const cursor = state.acknowledged();
    const { floor, dueAt } = state;
    const next = dueAfter(state, { cursor, floor, now: ports.clock.now(), historyMs: compactor.windowMs, changes: [] });
    const isOverdueNoted = String(state.overdue) === String(state.dispatcher.overdue);
    if (cursor !== state.cursor || next !== dueAt || !isOverdueNoted) await committer.checkpoint();
  }
}
