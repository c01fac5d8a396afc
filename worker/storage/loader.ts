/**
 * Holds the state of this instance: loads it after taking over the epoch, drops it when it cannot be trusted any more.
 * Changes whose wakes were not acknowledged before are offered again.
 */
import { backOffMs, pause, withTimeout } from "./clock.ts";
import type { InDoubt, Snapshot } from "./persistence.ts";
import { outcomes, UnavailableError, type CorePorts } from "./ports.ts";
import { State } from "./state.ts";
import type { TextCache } from "./text-cache.ts";

const timeoutMs = 20_000;
const tries = 4;
const backOff = { firstMs: 50, longestMs: 2_000 };
const wakesAtOnce = 1_000;

export interface LoaderOptions {
  ports: CorePorts;
  cache: TextCache;
  /** A commit whose outcome the next load has to find out. */
  inDoubt: () => InDoubt | undefined;
  onLoaded: (state: State, snapshot: Snapshot) => void;
  /** All tries failed. */
  onFailed: (error: unknown) => void;
}

export class Loader {
  readonly #options: LoaderOptions;
  #state: State | undefined;
  #loading: Promise<State> | undefined;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** Undefined while cold or loading. */
  get current(): State | undefined {
    return this.#state;
  }

  get isCold(): boolean {
    return this.#state === undefined && this.#loading === undefined;
  }

  ready(): Promise<State> {
    if (this.#state !== undefined) return Promise.resolve(this.#state);
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Nobody is answered from this state any more. */
  forget(state: State): void {
    state.dispatcher.stop();
    if (this.#state === state) this.#state = undefined;
  }

  async #load(): Promise<State> {
    const { clock, log } = this.#options.ports;
    for (let attempt = 0;; attempt++) {
      try {
        const { state, snapshot } = await withTimeout(clock, timeoutMs, "loading", this.#loadOnce());
        this.#state = state;
        this.#options.onLoaded(state, snapshot);
        return state;
      } catch (error) {
        log?.("loading", error);
        if (attempt + 1 < tries) await pause(clock, backOffMs(clock, attempt, backOff));
        else {
          this.#options.onFailed(error);
          throw new UnavailableError(outcomes.unreachable, { cause: error });
        }
      }
    }
  }

  async #loadOnce(): Promise<{ state: State; snapshot: Snapshot }> {
    const { ports, cache, inDoubt } = this.#options;
    const snapshot = await ports.persistence.takeOver(inDoubt());
    const state = new State({ snapshot, cache, ports });
    for (let at = state.cursor; at < state.revision;) {
      const rows = await ports.persistence.history(at, wakesAtOnce);
      state.offerWakes(rows);
      at = rows.at(-1)?.revision ?? state.revision;
    }
    state.dispatcher.offer(state.overdue, state.revision);
    return { state, snapshot };
  }
}
