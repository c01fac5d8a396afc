/**
 * Sends wakes at least once: a target's wakes are coalesced while one is under way, a failed one is repeated with
 * back-off. The cursor is the revision up to which everything was acknowledged; it is stored with the next commit,
 * and a new instance starts from there. A target that keeps failing is given up, so that it does not hold the cursor:
 * it is overdue then, which is stored with the cursor, until a later wake reaches it.
 */
import { backOffMs, type Clock, withTimeout } from "./clock.ts";
import type { Wake } from "./store.ts";

const backOff = { firstMs: 100, longestMs: 10_000 };
const mostTries = 7;
const mostAtOnce = 24;
/** They are stored in one row: with more than that the cursor has to wait for who fails. */
const mostOverdue = 1_000;
const timeoutMs = 30_000;

/** Revisions that wait, and those that are under way. */
interface Target {
  waiting?: { lowest: number; highest: number };
  sending?: { lowest: number; highest: number };
  tries: number;
  isResting: boolean;
}

export class Dispatcher {
  readonly #targets = new Map<string, Target>();
  /** Targets that wait for a free place, in order. */
  readonly #ready = new Set<string>();
  readonly #wake: Wake;
  readonly #clock: Clock;
  readonly #onGivenUp: (target: string, error: unknown) => void;
  readonly #overdue: Set<string>;
  readonly #idle: (() => void)[] = [];
  #sending = 0;
  #isStopped = false;
  #isPumping = false;

  constructor(options: { wake: Wake; clock: Clock; overdue?: string[]; onGivenUp: (target: string, error: unknown) => void }) {
    this.#overdue = new Set(options.overdue);
    this.#wake = options.wake;
    this.#clock = options.clock;
    this.#onGivenUp = options.onGivenUp;
  }

  /** Targets that were given up, by this instance or an earlier one, and not reached since. */
  get overdue(): string[] {
    return [...this.#overdue];
  }

  get pending(): number {
    return this.#targets.size;
  }

  /** Everything up to it was acknowledged or given up, if everything up to `head` was offered. */
  cursor(head: number): number {
    let cursor = head;
    for (const { waiting, sending } of this.#targets.values()) {
      cursor = Math.min(cursor, (sending?.lowest ?? Infinity) - 1, (waiting?.lowest ?? Infinity) - 1);
    }
    return cursor;
  }

  offer(targets: Iterable<string>, revision: number): void {
    for (const name of targets) {
      const target = this.#targets.get(name) ?? { tries: 0, isResting: false };
      this.#targets.set(name, target);
      target.waiting = { lowest: Math.min(target.waiting?.lowest ?? revision, revision), highest: Math.max(target.waiting?.highest ?? revision, revision) };
      if (target.sending === undefined && !target.isResting) this.#ready.add(name);
    }
    this.#pumpSoon();
  }

  /** Resolves when nothing is left to send or to repeat. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#targets.size === 0) resolve();
      else this.#idle.push(resolve);
    });
  }

  /** Sends nothing more; what waits is found again from the cursor. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * At the end of this turn, so that a group's wakes are coalesced. Not by a timer: those of a busy isolate come a
   * hundred milliseconds late, as workerd lets everything else go first.
   */
  #pumpSoon(): void {
    if (this.#isPumping || this.#ready.size === 0) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const name of this.#ready) {
      if (this.#isStopped || this.#sending >= mostAtOnce) return;
      this.#ready.delete(name);
      const target = this.#targets.get(name);
      if (target?.waiting !== undefined) void this.#send(name, target, target.waiting);
    }
  }

  async #send(name: string, target: Target, range: { lowest: number; highest: number }): Promise<void> {
    target.sending = range;
    delete target.waiting;
    this.#sending += 1;
    try {
      await withTimeout(this.#clock, timeoutMs, `waking ${name}`, this.#wake(name, range.highest));
      target.tries = 0;
      this.#overdue.delete(name);
    } catch (error) {
      this.#failed(name, target, error);
    } finally {
      this.#sending -= 1;
      delete target.sending;
    }
    if (target.waiting === undefined) this.#targets.delete(name);
    else if (!target.isResting) this.#ready.add(name);
    if (this.#targets.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    this.#pump();
  }

  #failed(name: string, target: Target, error: unknown): void {
    target.tries += 1;
    if (target.tries >= mostTries && (this.#overdue.size < mostOverdue || this.#overdue.has(name))) {
      target.tries = 0;
      this.#overdue.add(name);
      this.#onGivenUp(name, error);
      return;
    }
    const { sending, waiting } = target;
    if (sending !== undefined) target.waiting = { lowest: sending.lowest, highest: Math.max(sending.highest, waiting?.highest ?? 0) };
    target.isResting = true;
    this.#clock.after(backOffMs(this.#clock, target.tries - 1, backOff), () => {
      target.isResting = false;
      this.#ready.add(name);
      this.#pump();
    });
  }
}
