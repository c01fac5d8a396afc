/**
 * Targets that are woken once more a while after their last wake, because nothing that is stored tells whether they
 * acted on it: a Service is not changed by what its endpoints' controller does, so it is never unsettled. A wake that
 * was lost on the way is made up for so, without the cron having to compare anything.
 */
export const confirmMs = 30_000;

export class Confirmations {
  /** In order of coming due, which is the order of their last wake. */
  readonly #dueAt = new Map<string, number>();

  note(targets: Iterable<string>, time: number): void {
    for (const target of targets) {
      this.#dueAt.delete(target);
      this.#dueAt.set(target, time + confirmMs);
    }
  }

  dueAt(): number | undefined {
    return this.#dueAt.values().next().value;
  }

  /** What is due, once. */
  take(now: number): string[] {
    const due: string[] = [];
    for (const [target, dueAt] of this.#dueAt) {
      if (dueAt > now) break;
      due.push(target);
    }
    for (const target of due) this.#dueAt.delete(target);
    return due;
  }
}
