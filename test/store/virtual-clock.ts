/** Time that passes only when nothing else can happen; chance that is the same in every run. */
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../worker/storage/clock.ts";

interface Timer {
  at: number;
  run: () => void;
}

export class VirtualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<Timer>();
  #seed = 1;

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  /** Runs what is due and what then becomes due, until `isDone`; time jumps to the next timer. */
  async runUntil(isDone: () => boolean, limitMs = 10 * 60_000): Promise<void> {
    const end = this.#now + limitMs;
    for (;;) {
      for (let turn = 0; turn < 3; turn++) await setImmediate();
      if (isDone()) return;
      const next = this.#earliest();
      if (next === undefined) throw new Error("nothing is left to happen, and the condition does not hold");
      if (next.at > end) throw new Error(`the condition did not come to hold within ${limitMs} ms`);
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.run();
    }
  }

  /** The answer of work that needs time to pass. */
  async resolve<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    void work.then(() => (isDone = true), () => (isDone = true));
    await this.runUntil(() => isDone);
    return work;
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) if (earliest === undefined || timer.at < earliest.at) earliest = timer;
    return earliest;
  }
}
