/**
 * A watch as the Worker sees it: a feed of batches from the Store Durable Object over a hibernatable WebSocket, so
 * that the store waits on no client. The feed starts after `since` and leaves no gap and no doubles.
 */
import type { ChangeEvent, Selection } from "./store.ts";

export interface WatchRequest extends Selection {
  /** Exclusive. */
  since: number;
}

export type WatchBatch =
  | { type: "events"; events: ChangeEvent[] }
  /** Everything up to `revision` was delivered; sent after each replay and when asked by `progress()`. */
  | { type: "progress"; revision: number }
  /** `since` lies below the compaction floor, or the feed was cut off as too slow. The feed is over. */
  | { type: "expired"; floor: number };

export interface WatchFeed {
  /** Resolves to undefined when the feed ended (store restarted, closed): resume by revision. */
  next(): Promise<WatchBatch | undefined>;
  /** Asks the store for a progress message: it proves that the store is still the writer. */
  progress(): void;
  close(): void;
}

export type OpenWatch = (request: WatchRequest) => Promise<WatchFeed>;
