/**
 * The one writer. It commits everything that waits as one batch while the next group gathers, and answers after the
 * commit; it holds the index of all objects in memory, feeds watchers and sends wakes. Memory is a cache: it is
 * loaded after taking over the epoch, and thrown away after any error of a commit, because nobody knows then what
 * the database holds until it is read again.
 *
 *     cold ──first list, write, watch──► loading (epoch + 1, read all) ──► ready ──┐
 *                                           ▲                                      │ commit failed, or another
 *                                           └──────────────────────────────────────┘ writer's epoch was seen
 */
import { type HistoryBounds, Compactor, defaultHistory } from "./compactor.ts";
import { backOffMs, type Clock, pause, withTimeout } from "./clock.ts";
import { claimOf } from "./catalog.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Draft, outcome } from "./draft.ts";
import { Feed, type Socket } from "./feed.ts";
import { encodeProgress } from "./frames.ts";
import { FencedError, type Commit, type HistoryRow, type InDoubt, type Persistence } from "./persistence.ts";
import { readChanges, readList, readLists, readMany } from "./reader.ts";
import { CompactedError, State } from "./state.ts";
import type { ChangeEvent, ChangesQuery, Expired, ListPage, ListQuery, ObjectKey, Selection, Store, StoredObject, StorePolicy, StoreStats, Wake, WriteAnswer, WriteList, WriteResult } from "./store.ts";
import { TextCache } from "./text-cache.ts";

export interface CorePorts {
  persistence: Persistence;
  policy: StorePolicy;
  wake: Wake;
  clock: Clock;
  /** Called after each load: watchers that were left from an earlier instance have to say where they are. */
  onLoaded?: () => void;
  log?: (message: string, error?: unknown) => void;
  history?: HistoryBounds;
  textBytes?: number;
}

/** The write was certainly not made, or nobody can tell; the message says which. */
export class UnavailableError extends Error {
  override name = "UnavailableError";
}

interface Pending {
  list: WriteList;
  /** Commits even without changes: notes cursor, floor and due time. */
  isCheckpoint: boolean;
  attempts: number;
  resolve(answer: WriteAnswer): void;
  reject(error: Error): void;
}

interface Answered {
  pending: Pending;
  results: WriteResult[];
}

/** A group whose commit was sent and failed. */
interface Doubt extends InDoubt {
  answers: Answered[];
}

const commitTimeoutMs = 15_000;
const loadTimeoutMs = 20_000;
const loadTries = 4;
const writeTries = 4;
const loadBackOff = { firstMs: 50, longestMs: 2_000 };
/** A group stays within what D1 takes in one batch. */
const groupOperations = 1_000;
const groupCharacters = 8_000_000;
/** Reads that an instance answers from the database before it finds loading worth it. */
const coldReads = 20;
/** After a commit whose wakes are not all acknowledged, the cron looks after this long. */
const cursorGraceMs = 60_000;
const touchMs = 1_000;
const expireAtOnce = 500;
const settleMs = 10_000;
const wakesAtOnce = 1_000;
const compactionSteps = 50;
const defaultTextBytes = 24_000_000;

export class StoreCore implements Store {
  readonly feed: Feed;
  readonly #ports: CorePorts;
  readonly #cache: TextCache;
  readonly #compactor: Compactor;
  #state: State | undefined;
  #dispatcher: Dispatcher;
  #loading: Promise<State> | undefined;
  #waiting: Pending[] = [];
  #isCommitting = false;
  #doubt: Doubt | undefined;
  #nextFloor: number | undefined;
  #isLookingBack = false;
  #coldReads = 0;
  #touch: { at: number; isWriter: Promise<boolean> } | undefined;
  #commits = 0;
  #operations = 0;

  constructor(ports: CorePorts) {
    this.#ports = ports;
    this.#cache = new TextCache(ports.textBytes ?? defaultTextBytes);
    this.#compactor = new Compactor({ persistence: ports.persistence, clock: ports.clock, bounds: ports.history ?? defaultHistory });
    this.feed = new Feed((error) => this.#log("feeding watchers", error));
    this.#dispatcher = this.#newDispatcher();
  }

  // --- reads

  async get(key: ObjectKey): Promise<StoredObject | undefined> {
    return (await this.getMany([key])).items[0];
  }

  async getMany(keys: ObjectKey[]): Promise<{ revision: number; items: (StoredObject | undefined)[] }> {
    if (this.#isCold()) return this.#ports.persistence.read(keys);
    return this.#reading((state) => readMany(state, keys));
  }

  async list(query: ListQuery): Promise<ListPage | Expired> {
    return this.#reading((state) => readList(state, query));
  }

  async listMany(queries: ListQuery[]): Promise<ListPage[]> {
    return this.#reading((state) => readLists(state, queries));
  }

  async changes(queries: ChangesQuery[]): Promise<{ revision: number; events: ChangeEvent[][] } | Expired> {
    if (this.#isCold()) {
      const { revision } = await this.#ports.persistence.meta();
      if (queries.every(({ since }) => since >= revision)) return { revision, events: queries.map(() => []) };
    }
    return this.#reading((state) => readChanges(state, queries));
  }

  async describe(): Promise<{ clusterUid: string; epoch: number; revision: number; floor: number }> {
    const { clusterUid, epoch, revision, floor } = this.#state ?? await this.#ports.persistence.meta();
    return { clusterUid, epoch, revision, floor };
  }

  async stats(): Promise<StoreStats> {
    return {
      ...this.#ports.persistence.counters(),
      commits: this.#commits,
      operations: this.#operations,
      objects: this.#state?.catalog.size ?? 0,
      textBytes: this.#cache.bytes,
      watches: this.feed.size,
      pendingWakes: this.#dispatcher.pending,
    };
  }

  /** Versions may be compacted between selecting and reading them: then select again, and find it expired. */
  async #reading<T>(read: (state: State) => Promise<T>): Promise<T> {
    try {
      return await read(await this.#ready());
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      return read(await this.#ready());
    }
  }

  /** An idle cluster's few reads and polls must not make a new instance load (and write its epoch) each time. */
  #isCold(): boolean {
    return this.#state === undefined && this.#loading === undefined && this.#coldReads++ < coldReads;
  }

  // --- watches

  /** Feeds a socket from a position on. A cold instance with nothing to tell stays cold. */
  async watch(socket: Socket, selection: Selection, position: number): Promise<void> {
    if (this.#state === undefined && this.#loading === undefined) {
      const { revision } = await this.#ports.persistence.meta();
      if (revision === position) return socket.send(encodeProgress(position));
    }
    await this.#ready();
    this.feed.join(socket, selection, position);
  }

  /** Answers a watcher's question for progress after touching the database: a stale instance feeds nobody for long. */
  async progress(socket: Socket): Promise<void> {
    if (!await this.#isWriter()) await this.#ready();
    this.feed.progress(socket);
  }

  async #isWriter(): Promise<boolean> {
    const now = this.#ports.clock.now();
    if (this.#touch === undefined || now - this.#touch.at > touchMs) this.#touch = { at: now, isWriter: this.#touchDatabase() };
    return this.#touch.isWriter;
  }

  async #touchDatabase(): Promise<boolean> {
    const state = await this.#ready();
    const { epoch } = await this.#ports.persistence.meta();
    if (epoch === state.epoch) return true;
    this.#forget(state);
    return false;
  }

  // --- writes

  write(list: WriteList): Promise<WriteAnswer> {
    return this.#enqueue(list, false);
  }

  #enqueue(list: WriteList, isCheckpoint: boolean): Promise<WriteAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WriteAnswer>();
    this.#waiting.push({ list, isCheckpoint, attempts: 0, resolve, reject });
    if (!this.#isCommitting) void this.#commitAll();
    return promise;
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true;
    try {
      // Lists that arrive in the same turn belong to the first group already.
      await Promise.resolve();
      while (this.#waiting.length > 0) await this.#commitGroup();
    } finally {
      this.#isCommitting = false;
    }
  }

  async #commitGroup(): Promise<void> {
    let state: State;
    try {
      state = await this.#ready();
    } catch (error) {
      const reason = new UnavailableError("the database cannot be reached; nothing was written", { cause: error });
      for (const { reject } of this.#waiting.splice(0)) reject(reason);
      return;
    }
    const draft = new Draft(state, (change) => this.#ports.policy.scopesOf(change), this.#ports.clock.now());
    const answers = this.#takeGroup().map((pending) => ({ pending, results: draft.add(pending.list) }));
    if (answers.length === 0) return;
    const isWritten = draft.changes.length > 0 || answers.some(({ pending }) => pending.isCheckpoint);
    if (isWritten) await this.#commit(state, draft, answers);
    else await this.#confirm(state, answers);
  }

  #takeGroup(): Pending[] {
    let operations = 0;
    let characters = 0;
    const fits = this.#waiting.findIndex(({ list }, position) => {
      operations += list.operations.length;
      for (const operation of list.operations) characters += operation.verb === "delete" ? 0 : operation.text.length;
      return position > 0 && (operations > groupOperations || characters > groupCharacters);
    });
    return this.#waiting.splice(0, fits < 0 ? this.#waiting.length : fits);
  }

  /** Refusals are only true of the present state: a stale instance must not tell them. */
  async #confirm(state: State, answers: Answered[]): Promise<void> {
    try {
      const meta = await withTimeout(this.#ports.clock, commitTimeoutMs, "reading meta", this.#ports.persistence.meta());
      if (state.isAt(meta)) return resolveAll(answers, state.revision);
    } catch (error) {
      this.#log("confirming refusals", error);
    }
    this.#forget(state);
    this.#repeat(answers);
  }

  async #commit(state: State, draft: Draft, answers: Answered[]): Promise<void> {
    const commit = this.#commitOf(state, draft);
    try {
      await withTimeout(this.#ports.clock, commitTimeoutMs, "a commit", this.#ports.persistence.commit(commit));
    } catch (error) {
      this.#log("a commit failed", error);
      this.#forget(state);
      if (error instanceof FencedError) this.#repeat(answers);
      else this.#doubt = { epoch: state.epoch, from: state.revision, to: commit.revision, answers };
      // Whoever waits is told before anything else is answered.
      await this.#ready().catch((failure: unknown) => this.#log("loading", failure));
      return;
    }
    this.#settle(state, draft, commit);
    resolveAll(answers, state.revision);
    this.#ports.clock.after(0, () => this.#publish(state, draft.changes));
  }

  #commitOf(state: State, draft: Draft): Commit {
    const now = this.#ports.clock.now();
    const cursor = Math.max(state.cursor, this.#dispatcher.cursor(state.revision));
    const floor = this.#nextFloor !== undefined && this.#nextFloor <= cursor ? this.#nextFloor : state.floor;
    const owners = [...draft.owners].filter(([claim, owner]) => owner !== state.owner(claim));
    return {
      fence: { epoch: state.epoch, revision: state.revision },
      revision: draft.revision,
      cursor,
      floor,
      dueAt: this.#dueAt(state, { cursor, floor, now, changes: draft.changes }),
      versions: draft.changes,
      ...outcome(draft.changes),
      claimed: owners.flatMap(([claim, owner]) => (owner === undefined ? [] : [{ ...claimOf(claim), owner }])),
      released: owners.flatMap(([claim, owner]) => (owner === undefined ? [claimOf(claim)] : [])),
      ...(floor > state.floor && { compaction: { from: state.floor, to: floor } }),
    };
  }

  #dueAt(state: State, after: { cursor: number; floor: number; now: number; changes: HistoryRow[] }): number | null {
    const head = after.changes.at(-1)?.revision ?? state.revision;
    const earliest = Math.min(
      state.agenda.dueAfter(after.changes) ?? Infinity,
      after.cursor < head ? after.now + cursorGraceMs : Infinity,
      after.floor < head ? this.#compactor.dueAt(after.now) : Infinity,
    );
    return earliest === Infinity ? null : earliest;
  }

  #settle(state: State, draft: Draft, commit: Commit): void {
    this.#commits += 1;
    this.#operations += draft.changes.length;
    for (const change of draft.changes) {
      if (change.text !== undefined) this.#cache.put(change.revision, change.text);
      state.apply(withoutText(change));
    }
    for (const [claim, owner] of draft.owners) state.catalog.claim(claim, owner);
    for (const [scope, revision] of draft.scopes) state.scopes.bump(scope, revision);
    state.cursor = commit.cursor;
    state.dueAt = commit.dueAt;
    if (commit.floor > state.floor) this.#nextFloor = undefined;
    state.floor = commit.floor;
    this.#offerWakes(this.#dispatcher, state, draft.changes);
  }

  /** After the writers were answered. */
  #publish(state: State, changes: HistoryRow[]): void {
    if (state !== this.#state) return;
    this.feed.offer(changes.map(withoutText));
    if (this.#compactor.isDue(state)) void this.#lookBack(state);
  }

  /** Back to the front of the queue, in order: certainly not written. */
  #repeat(answers: Answered[]): void {
    const again: Pending[] = [];
    for (const { pending } of answers) {
      pending.attempts += 1;
      if (pending.attempts < writeTries) again.push(pending);
      else pending.reject(new UnavailableError("other writers keep taking over; nothing was written"));
    }
    this.#waiting.unshift(...again);
    if (again.length > 0 && !this.#isCommitting) void this.#commitAll();
  }

  // --- loading

  #ready(): Promise<State> {
    if (this.#state !== undefined) return Promise.resolve(this.#state);
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  #forget(state: State): void {
    if (this.#state !== state) return;
    this.#state = undefined;
    this.#nextFloor = undefined;
    this.#touch = undefined;
    this.#coldReads = coldReads;
  }

  async #load(): Promise<State> {
    for (let attempt = 0;; attempt++) {
      try {
        return await withTimeout(this.#ports.clock, loadTimeoutMs, "loading", this.#loadOnce());
      } catch (error) {
        this.#log("loading", error);
        if (attempt + 1 < loadTries) await pause(this.#ports.clock, backOffMs(this.#ports.clock, attempt, loadBackOff));
        else {
          this.#abandonDoubt(error);
          throw error;
        }
      }
    }
  }

  async #loadOnce(): Promise<State> {
    const { persistence, policy } = this.#ports;
    const snapshot = await persistence.takeOver(this.#doubt);
    const state = new State({ snapshot, policy, cache: this.#cache, persistence });
    const dispatcher = this.#newDispatcher();
    for (let at = state.cursor; at < state.revision;) {
      const rows = await persistence.history(at, wakesAtOnce);
      this.#offerWakes(dispatcher, state, rows);
      at = rows.at(-1)?.revision ?? state.revision;
    }
    this.#dispatcher.stop();
    this.#dispatcher = dispatcher;
    this.#state = state;
    this.#settleDoubt(snapshot.isInDoubtCommitted, state);
    this.feed.attach(state);
    this.#ports.onLoaded?.();
    return state;
  }

  /** The history tells whether the commit in doubt is there; a batch of an older epoch can land no more. */
  #settleDoubt(isCommitted: boolean, state: State): void {
    const doubt = this.#doubt;
    if (doubt === undefined) return;
    if (isCommitted) {
      this.#doubt = undefined;
      resolveAll(doubt.answers, doubt.to);
    } else if (state.floor > doubt.from) this.#abandonDoubt(new Error("its history is compacted"));
    else {
      this.#doubt = undefined;
      this.#repeat(doubt.answers);
    }
  }

  #abandonDoubt(cause: unknown): void {
    const reason = new UnavailableError("nobody can tell whether this was written: read before you repeat it", { cause });
    for (const { pending } of this.#doubt?.answers ?? []) pending.reject(reason);
    this.#doubt = undefined;
  }

  // --- wakes and upkeep

  #newDispatcher(): Dispatcher {
    const { wake, clock } = this.#ports;
    return new Dispatcher({ wake, clock, onGivenUp: (target, error) => this.#log(`waking ${target} failed for now`, error) });
  }

  #offerWakes(dispatcher: Dispatcher, state: State, changes: HistoryRow[]): void {
    for (const change of changes) {
      // Domain code on stored data: one change that it cannot map must not stop the store.
      try {
        dispatcher.offer(this.#ports.policy.wakesOf(change, state.catalog), change.revision);
      } catch (error) {
        this.#log(`mapping a change of ${change.key}`, error);
      }
    }
  }

  async #lookBack(state: State): Promise<void> {
    if (this.#isLookingBack || this.#nextFloor !== undefined) return;
    this.#isLookingBack = true;
    try {
      const next = await this.#compactor.nextFloor(state, this.#dispatcher.cursor(state.revision));
      if (state === this.#state) this.#nextFloor = next;
    } catch (error) {
      this.#log("looking for history to compact", error);
    } finally {
      this.#isLookingBack = false;
    }
  }

  async maintain(): Promise<{ woken: number; expired: number; compacted: number }> {
    const woken = this.#heal(await this.#ready());
    const expired = await this.#expire();
    const { clock } = this.#ports;
    await withTimeout(clock, settleMs, "wakes", this.#dispatcher.whenIdle()).catch((error: unknown) => this.#log("upkeep", error));
    const compacted = await this.#compact();
    await this.#checkpoint();
    return { woken, expired, compacted };
  }

  /** Wakes whom an object that stays unsettled concerns, as if it had just been created. */
  #heal(state: State): number {
    const keys = state.agenda.takeUnsettled(this.#ports.clock.now());
    for (const key of keys) {
      const entry = state.entry(key);
      if (entry === undefined) continue;
      const change = { key, revision: entry.revision, type: "ADDED" as const, previous: 0, time: entry.time, after: entry.index };
      this.#offerWakes(this.#dispatcher, state, [change]);
    }
    return keys.length;
  }

  async #expire(): Promise<number> {
    let count = 0;
    for (;;) {
      const state = await this.#ready();
      const keys = state.agenda.expired(this.#ports.clock.now(), expireAtOnce);
      const operations = keys.map((key) => ({ verb: "delete" as const, key, expect: { revision: state.entry(key)?.revision ?? 0 } }));
      if (operations.length === 0) return count;
      const { results } = await this.write({ operations });
      const deleted = results.filter(({ ok }) => ok).length;
      count += deleted;
      if (deleted === 0) return count;
    }
  }

  async #compact(): Promise<number> {
    const from = (await this.#ready()).floor;
    for (let steps = 0; steps < compactionSteps; steps++) {
      const state = await this.#ready();
      const next = await this.#compactor.nextFloor(state, this.#dispatcher.cursor(state.revision));
      if (next === undefined || next <= state.floor) break;
      this.#nextFloor = next;
      await this.#enqueue({ operations: [] }, true);
    }
    return (await this.#ready()).floor - from;
  }

  /** Notes cursor and due time, if they have moved. */
  async #checkpoint(): Promise<void> {
    const state = await this.#ready();
    const { revision, floor } = state;
    const cursor = Math.max(state.cursor, this.#dispatcher.cursor(revision));
    const dueAt = this.#dueAt(state, { cursor, floor, now: this.#ports.clock.now(), changes: [] });
    if (cursor !== state.cursor || dueAt !== state.dueAt) await this.#enqueue({ operations: [] }, true);
  }

  #log(message: string, error?: unknown): void {
    this.#ports.log?.(message, error);
  }
}

function resolveAll(answers: Answered[], revision: number): void {
  for (const { pending, results } of answers) pending.resolve({ results, revision });
}

/** The text has its own, bounded place. */
function withoutText({ revision, key, type, previous, time, before, after }: HistoryRow): HistoryRow {
  return { revision, key, type, previous, time, ...(before && { before }), ...(after && { after }) };
}
