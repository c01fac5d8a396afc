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
import { Committer } from "./committer.ts";
import { Compactor, defaultHistory } from "./compactor.ts";
import { Feed, type Socket } from "./feed.ts";
import { encodeProgress } from "./frames.ts";
import { Loader } from "./loader.ts";
import type { HistoryRow, Snapshot } from "./persistence.ts";
import type { CorePorts } from "./ports.ts";
import { readChangedLists, readChanges, readList, readLists, readMany } from "./reader.ts";
import { CompactedError, type State, withoutText } from "./state.ts";
import type { ChangedLists, ChangeEvent, ChangesQuery, Expired, ListPage, ListQuery, ObjectKey, Selection, Store, StoredObject, StoreStats, WriteAnswer, WriteList } from "./store.ts";
import { TextCache } from "./text-cache.ts";
import { Upkeep } from "./upkeep.ts";

/** Reads that an instance answers from the database before it finds loading worth it. */
const coldReads = 20;
/** Watchers that ask for progress together share one look at the database. */
const touchMs = 1_000;
const defaultTextBytes = 16_000_000;
/** Feeding so many costs a writer less than waiting for a timer costs a watcher. */
const fewWatchers = 16;

export class StoreCore implements Store {
  readonly feed: Feed;
  readonly #ports: CorePorts;
  readonly #cache: TextCache;
  readonly #loader: Loader;
  readonly #committer: Committer;
  readonly #upkeep: Upkeep;
  readonly #joining = new Set<Socket>();
  #coldReads = 0;
  #touch: { at: number; done: Promise<void> } | undefined;

  constructor(ports: CorePorts) {
    this.#ports = ports;
    this.#cache = new TextCache(ports.textBytes ?? defaultTextBytes);
    this.feed = new Feed((error) => ports.log?.("feeding watchers", error));
    const bounds = ports.history ?? defaultHistory;
    const compactor = new Compactor({ persistence: ports.persistence, clock: ports.clock, bounds });
    const loader = new Loader({
      ports,
      cache: this.#cache,
      inDoubt: () => this.#committer.inDoubt,
      onLoaded: (state, snapshot) => this.#loaded(state, snapshot),
      onFailed: (error) => this.#committer.abandonDoubt(error),
    });
    const onCommitted = (state: State, changes: HistoryRow[]) => this.#publish(state, changes);
    this.#loader = loader;
    const hasFewWatchers = () => this.feed.size <= fewWatchers;
    this.#committer = new Committer({ ports, loader, cache: this.#cache, historyMs: bounds.windowMs, hasFewWatchers, onCommitted });
    this.#upkeep = new Upkeep({ ports, loader, committer: this.#committer, compactor });
  }

  #loaded(state: State, snapshot: Snapshot): void {
    this.#coldReads = coldReads;
    this.#touch = undefined;
    this.#committer.resolveDoubt(state, snapshot);
    this.feed.attach(state);
    this.#ports.onLoaded?.();
  }

  /** After the writers were answered. A state that was dropped meanwhile is replayed by the next one. */
  #publish(state: State, changes: HistoryRow[]): void {
    if (state !== this.#loader.current) return;
    this.feed.offer(changes.map(withoutText));
    void this.#upkeep.lookBack(state);
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

  async changedLists(held: Record<string, number>): Promise<ChangedLists> {
    return this.#reading((state) => readChangedLists(state, held));
  }

  async usedOf(budget: ObjectKey): Promise<Record<string, number>> {
    return this.#reading((state) => Promise.resolve(Object.fromEntries(state.usedOf(budget))));
  }

  async describe(): Promise<{ clusterUid: string; epoch: number; revision: number; floor: number }> {
    const { clusterUid, epoch, revision, floor } = this.#loader.current ?? await this.#ports.persistence.meta();
    return { clusterUid, epoch, revision, floor };
  }

  async stats(): Promise<StoreStats> {
    return {
      ...this.#ports.persistence.counters(),
      objects: this.#loader.current?.catalog.size ?? 0,
      objectsByResource: Object.fromEntries(this.#loader.current?.catalog.counts() ?? []),
      textBytes: this.#cache.bytes,
      watches: this.feed.size,
      pendingWakes: this.#loader.current?.dispatcher.pending ?? 0,
    };
  }

  /** Versions may be compacted between selecting and reading them: then select again, and find it expired. */
  async #reading<T>(read: (state: State) => Promise<T>): Promise<T> {
    try {
      return await read(await this.#loader.ready());
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      return read(await this.#loader.ready());
    }
  }

  /** An idle cluster's few reads and polls must not make a new instance load (and write its epoch) each time. */
  #isCold(): boolean {
    return this.#loader.isCold && this.#coldReads++ < coldReads;
  }

  // --- writes

  write(list: WriteList): Promise<WriteAnswer> {
    return this.#committer.write(list);
  }

  maintain(): Promise<{ woken: number; expired: number; compacted: number }> {
    return this.#upkeep.run();
  }

  reseal(): Promise<{ resealed: number; isDone: boolean }> {
    return this.#upkeep.reseal();
  }

  // --- watches

  /** Feeds a socket from a position on. */
  async watch(socket: Socket, selection: Selection, position: number): Promise<void> {
    this.#joining.add(socket);
    try {
      if (await this.#isWithoutNews(position)) return socket.send(encodeProgress(position));
      await this.#loader.ready();
      this.feed.join(socket, selection, position);
    } finally {
      this.#joining.delete(socket);
    }
  }

  /** Whether a socket is fed or about to be; the others are asked for their position after a load. */
  isFeeding(socket: Socket): boolean {
    return this.feed.has(socket) || this.#joining.has(socket);
  }

  /** A cold instance with nothing to tell stays cold; it asks the socket again when it loads. */
  async #isWithoutNews(position: number): Promise<boolean> {
    if (!this.#loader.isCold) return false;
    const { revision } = await this.#ports.persistence.meta();
    return revision === position && this.#loader.isCold;
  }

  /** Answers a watcher's question for progress after touching the database: a stale instance feeds nobody for long. */
  async progress(socket: Socket): Promise<void> {
    const now = this.#ports.clock.now();
    if (this.#touch === undefined || now - this.#touch.at > touchMs) this.#touch = { at: now, done: this.#touchDatabase() };
    await this.#touch.done;
    this.feed.progress(socket);
  }

  async #touchDatabase(): Promise<void> {
    const state = await this.#loader.ready();
    const { epoch } = await this.#ports.persistence.meta();
    if (epoch === state.epoch) return;
    this.#loader.forget(state);
    await this.#loader.ready();
  }
}
