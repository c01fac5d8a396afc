/** When a pod that fits nowhere is tried again: kube-scheduler's 1 s, doubled to 10 s. */

interface Attempt {
  count: number;
  retryAt: number;
  /** The picture's generation at the last try: nothing changed since, nothing is to be tried. */
  generation: number;
}

const firstMs = 1_000;
const maxMs = 10_000;
/** Even without a reason to hope, as upstream's flush of the unschedulable queue. */
const flushMs = 300_000;
const mostRaces = 5;
/** So many come before their time in one run: each costs a look at every node. */
const mostEarly = 100;
/** Different from every generation, so that the back-off alone decides. */
const anyGeneration = -1;

export class BackOff {
  readonly #attempts = new Map<string, Attempt>();
  readonly #races = new Map<string, number>();

  failed(uid: string, generation: number, now: number): void {
    const count = (this.#attempts.get(uid)?.count ?? 0) + 1;
    const wait = Math.min(maxMs, firstMs * 2 ** (count - 1));
    this.#attempts.set(uid, { count, retryAt: now + wait, generation });
  }

  /** Somebody wrote at the same time: at once again, a few times. */
  raced(uid: string, now: number): void {
    const races = (this.#races.get(uid) ?? 0) + 1;
    this.#races.set(uid, races);
    if (races > mostRaces) this.failed(uid, anyGeneration, now);
  }

  forget(uid: string): void {
    this.#races.delete(uid);
    this.#attempts.delete(uid);
  }

  /** Drops pods that wait no more. */
  keepOnly(uids: ReadonlySet<string>): void {
    for (const waiting of [this.#attempts, this.#races]) for (const uid of waiting.keys()) if (!uids.has(uid)) waiting.delete(uid);
  }

  isDue(uid: string, generation: number, now: number): boolean {
    const attempt = this.#attempts.get(uid);
    return attempt === undefined || now >= dueAt(attempt, generation);
  }

  /**
   * Whom something that happened since may help, although the back-off is not over: kube-scheduler tries them while
   * nobody else is there to be tried (SchedulerPopFromBackoffQ). Who raced waits: that is what the back-off is for.
   */
  early(generation: number): Set<string> {
    const hopeful = [...this.#attempts].filter(([, attempt]) => attempt.generation !== generation && attempt.generation !== anyGeneration);
    const soonest = hopeful.toSorted(([, left], [, right]) => left.retryAt - right.retryAt);
    return new Set(soonest.slice(0, mostEarly).map(([uid]) => uid));
  }

  /** When somebody is due next; undefined: nobody waits. */
  nextDue(generation: number): number | undefined {
    const times = [...this.#attempts.values()].map((attempt) => dueAt(attempt, generation));
    return times.length === 0 ? undefined : Math.min(...times);
  }
}

function dueAt({ retryAt, generation: tried }: Attempt, generation: number): number {
  return generation === tried ? retryAt + flushMs : retryAt;
}
