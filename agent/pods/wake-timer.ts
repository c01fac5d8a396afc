/** When a worker looks again by itself: one timer, for the earliest of what is waited for. */
import type { Clock } from "../clock.ts";
import { Backoff } from "./backoff.ts";

const retryBackoff = { firstMs: 500, mostMs: 60_000 };
const round = "round";

export class WakeTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  readonly #retries = new Backoff(retryBackoff);
  #atMs = Infinity;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Wakes in `delayMs`, unless it does earlier. */
  after(delayMs: number): void {
    const atMs = this.#clock.now() + delayMs;
    if (atMs >= this.#atMs) return;
    this.#cancel?.();
    this.#atMs = atMs;
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#atMs = Infinity;
      this.#wake();
    });
  }

  /** A round failed: wakes after a back-off with jitter, which it gives without the jitter. */
  afterFailure(): number {
    const nowMs = this.#clock.now();
    const delayMs = this.#retries.next(round, nowMs) - nowMs;
    this.after(delayMs * (0.75 + Math.random() / 4));
    return delayMs;
  }

  /** A round went well, or what made it fail is over: the next failure is the first. */
  forgetFailures(): void {
    this.#retries.forget(round);
  }

  cancel(): void {
    this.#cancel?.();
    this.#atMs = Infinity;
  }
}
