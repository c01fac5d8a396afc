/**
 * Runs one after another, and at most one waits: everyone who asks while one runs shares the next, because the one
 * that runs may have read before the change that they ask for.
 */
export class Coalescer {
  readonly #run: () => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /** Resolves (or rejects) with a run that began after the call. */
  request(): Promise<void> {
    this.#waiting ??= this.#after(this.#running);
    return this.#waiting;
  }

  async #after(running: Promise<void>): Promise<void> {
    await running.catch(() => undefined);
    // From here on the snapshot is being read: who asks now needs the next run.
    this.#running = this.#waiting ?? Promise.resolve();
    this.#waiting = undefined;
    await this.#run();
  }
}
