/**
 * What the store's core needs of a database: one transaction a commit, fenced by epoch and revision, and reads by
 * revision. Implemented over D1 in ./d1.ts; every implementation passes test/store/persistence.contract.ts.
 */
import type { ChangeType, Claim, ObjectIndex, ObjectKey, ObjectText, StoredObject } from "./store.ts";

export interface Meta {
  clusterUid: string;
  epoch: number;
  revision: number;
  floor: number;
  cursor: number;
  /** Milliseconds since the epoch at which the cron has to call the store. */
  dueAt: number | null;
  /** Wake targets that were given up and not reached since. */
  overdue: string[];
}

/** A current object. */
export interface ObjectRow {
  key: ObjectKey;
  revision: number;
  /** When it was last written, milliseconds since the epoch. */
  time: number;
  index: ObjectIndex;
}

export interface Allocation extends Claim {
  owner: ObjectKey;
}

/** A version without its text: what selection, wakes and undoing need. */
export interface HistoryRow {
  revision: number;
  key: ObjectKey;
  type: ChangeType;
  /** Revision that it replaced, 0 for none. */
  previous: number;
  time: number;
  before?: ObjectIndex;
  after?: ObjectIndex;
}

/** A version as it is committed; deletions have no text. */
export interface VersionRow extends HistoryRow {
  text?: ObjectText;
}

export interface Commit {
  /** The commit happens only if the database stands exactly here. */
  fence: { epoch: number; revision: number };
  /** What meta says after it. */
  revision: number;
  cursor: number;
  floor: number;
  dueAt: number | null;
  overdue: string[];
  /** In order of revision. */
  versions: VersionRow[];
  /** Revisions (among `versions`) that are current afterwards. */
  current: number[];
  /** Keys that are gone afterwards. */
  gone: ObjectKey[];
  claimed: Allocation[];
  released: Claim[];
  /** History to remove: what was superseded or deleted after `from`, up to `to`. */
  compaction?: { from: number; to: number };
}

/** Commits that were sent and never answered for sure. */
export interface InDoubt {
  epoch: number;
  /** Exclusive. */
  from: number;
  to: number;
}

export interface Snapshot {
  meta: Meta;
  objects: ObjectRow[];
  allocations: Allocation[];
  /** Whether the commit in doubt is in the history under its own epoch. */
  isInDoubtCommitted: boolean;
}

/** The database stood elsewhere; nothing was written. */
export class FencedError extends Error {
  override name = "FencedError";
}

/** What was asked of the database, and the rows that it counted (and bills). */
export interface Counters {
  rowsRead: number;
  rowsWritten: number;
  queries: number;
  commits: number;
  /** Changes committed. */
  operations: number;
}

export interface Persistence {
  /** Becomes the writer: epoch + 1, then reads everything current. A batch of an older epoch can land no more. */
  takeOver(inDoubt?: InDoubt): Promise<Snapshot>;
  meta(): Promise<Meta>;
  /** Current objects straight from the database, for an instance that has not loaded; of one revision. */
  read(keys: ObjectKey[]): Promise<{ revision: number; items: (StoredObject | undefined)[] }>;
  /** All or nothing. FencedError: certainly nothing. Any other error: unknown. */
  commit(commit: Commit): Promise<void>;
  /** Texts by revision; compacted ones are missing. */
  texts(revisions: number[]): Promise<Map<number, ObjectText>>;
  /** The first `limit` versions after a revision, in order. */
  history(after: number, limit: number): Promise<HistoryRow[]>;
  /** Rows may be sealed with a key that encrypts no more. */
  readonly hasOldKeys: boolean;
  /**
   * Seals rows of older keys with the one that encrypts: at most `limit` of those after a revision, in order. `last` is
   * absent when there are no more. Says nothing new, so it needs no fence: a row is changed only while it is as it was read.
   */
  reseal(after: number, limit: number): Promise<{ resealed: number; last?: number }>;
  counters(): Counters;
}
