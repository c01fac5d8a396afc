/**
 * Failpoints of the store's ports, for tests alone: every call of persistence and every wake has a number, and at one
 * of them something happens.
 */
import type { Persistence } from "../../worker/storage/persistence.ts";
import type { Wake } from "../../worker/storage/store.ts";

export const faults = [
  "the instance dies before the call",
  "the instance dies after the call was carried out",
  "the call fails and was not carried out",
  "the call fails although it was carried out",
  "the call fails and is carried out later, after the next one",
  "a rival instance writes before the call",
  "a rival instance writes after the call was carried out",
] as const;

export type Fault = (typeof faults)[number];

export interface Plan {
  at: number;
  fault: Fault;
}

/** Shared by all instances of a run: which point is next, and what was planned for some of them. */
export class Faults {
  count = 0;
  readonly #plans: Plan[];
  readonly #rival: () => Promise<void>;
  #late: (() => Promise<unknown>) | undefined;

  constructor(plans: Plan[], rival: () => Promise<void>) {
    this.#plans = plans;
    this.#rival = rival;
  }

  async pass<T>(die: () => Promise<never>, call: () => Promise<T>): Promise<T> {
    this.count += 1;
    const fault = this.#plans.find(({ at }) => at === this.count)?.fault;
    const late = this.#late;
    const result = await this.#carryOut({ fault, die, call });
    if (late !== undefined && late === this.#late) {
      this.#late = undefined;
      // It must be refused by its fence, or do no harm.
      await late().catch(() => undefined);
    }
    return result;
  }

  async #carryOut<T>({ fault, die, call }: { fault: Fault | undefined; die: () => Promise<never>; call: () => Promise<T> }): Promise<T> {
    switch (fault) {
      case undefined:
        return call();
      case "the instance dies before the call":
        return die();
      case "the instance dies after the call was carried out":
        await call().catch(() => undefined);
        return die();
      case "the call fails and was not carried out":
        throw new Error("injected: not carried out");
      case "the call fails although it was carried out":
        await call();
        throw new Error("injected: carried out");
      case "the call fails and is carried out later, after the next one":
        this.#late = call;
        throw new Error("injected: carried out later");
      case "a rival instance writes before the call":
        await this.#rival();
        return call();
      case "a rival instance writes after the call was carried out": {
        const result = await call();
        await this.#rival();
        return result;
      }
    }
  }
}

export function faultyPersistence(inner: Persistence, pass: <T>(call: () => Promise<T>) => Promise<T>): Persistence {
  return {
    takeOver: (inDoubt) => pass(() => inner.takeOver(inDoubt)),
    meta: () => pass(() => inner.meta()),
    read: (keys) => pass(() => inner.read(keys)),
    commit: (commit) => pass(() => inner.commit(commit)),
    texts: (revisions) => pass(() => inner.texts(revisions)),
    history: (after, limit) => pass(() => inner.history(after, limit)),
    hasOldKeys: inner.hasOldKeys,
    reseal: (after, limit) => pass(() => inner.reseal(after, limit)),
    counters: () => inner.counters(),
  };
}

export function faultyWake(inner: Wake, pass: <T>(call: () => Promise<T>) => Promise<T>): Wake {
  return (target, revision) => pass(() => inner(target, revision));
}
