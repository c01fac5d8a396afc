/** What the store's core is given: everything that waits, passes or differs from run to run. */
import type { Clock } from "./clock.ts";
import type { HistoryBounds } from "./compactor.ts";
import type { Persistence } from "./persistence.ts";
import type { StorePolicy, Wake } from "./store.ts";

export interface CorePorts {
  persistence: Persistence;
  policy: StorePolicy;
  wake: Wake;
  clock: Clock;
  /** Called after each load: watchers that were left from an earlier instance have to say where they are. */
  onLoaded?: () => void;
  log?: (message: string, error?: unknown) => void;
  history?: HistoryBounds;
  /** Bound of the cached texts. */
  textBytes?: number;
}

/** Words that outlive the way through RPC, which keeps an error's message and not its class. */
export const outcomes = {
  unknown: "nobody can tell whether this was written",
  notWritten: "nothing was written",
  unreachable: "the database cannot be reached",
  /** Of a question of one object to another. */
  late: "did not answer in time",
};

/** The message says whether the write was certainly not made, or nobody can tell. */
export class UnavailableError extends Error {
  override name = "UnavailableError";
}
