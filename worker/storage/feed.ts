/**
 * Feeds watchers: each first gets what it missed (replay), then every group of changes after its writers were
 * answered (live). Watchers of one selection share its evaluation and its encoding. A reader that does not take what
 * it is sent is cut off; it resumes by revision.
 *
 *     join(position) → replaying ──position reached the head──► live
 *                          ▲                                      │
 *                          └────────── the store reloaded ────────┘
 */
import { encodeEvents, encodeExpired, encodeProgress } from "./frames.ts";
import type { HistoryRow } from "./persistence.ts";
import { eventsOf, seenIn, type Seen } from "./reader.ts";
import { everyResource, resourceOf } from "./selection.ts";
import type { State } from "./state.ts";
import type { Selection } from "./store.ts";

/** One watcher's connection. Sending to one that is gone does nothing. */
export interface Socket {
  send(message: string): void;
  close(code: number, reason: string): void;
}

const changesAtOnce = 500;
/** Characters that a reader may leave untaken: a replay waits at the first, a live feed ends at the second. */
const replayAheadCharacters = 2_000_000;
const mostAheadCharacters = 8_000_000;

interface Watcher {
  socket: Socket;
  group: Group;
  /** Everything up to it was sent. A live watcher has had everything up to `fed`, too. */
  position: number;
  isLive: boolean;
  isReplaying: boolean;
  untaken: number;
}

interface Group {
  signature: string;
  selection: Selection;
  watchers: Set<Watcher>;
}

export class Feed {
  readonly #watchers = new Map<Socket, Watcher>();
  /** By signature, within each resource. */
  readonly #groups = new Map<string, Map<string, Group>>();
  readonly #onError: (error: unknown) => void;
  #state: State | undefined;
  #queue: HistoryRow[] = [];
  #isFlushing = false;
  /** Every live watcher has had everything up to it. */
  #fed = 0;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#watchers.size;
  }

  has(socket: Socket): boolean {
    return this.#watchers.has(socket);
  }

  /** The store has (re)loaded: whatever was committed meanwhile is replayed from each watcher's position. */
  attach(state: State): void {
    for (const watcher of this.#watchers.values()) {
      if (watcher.isLive) watcher.position = Math.max(watcher.position, this.#fed);
      watcher.isLive = false;
    }
    this.#state = state;
    this.#queue = [];
    this.#fed = state.revision;
    for (const watcher of this.#watchers.values()) void this.#replay(watcher);
  }

  join(socket: Socket, selection: Selection, position: number): void {
    this.leave(socket);
    const group = this.#groupOf(selection);
    const watcher: Watcher = { socket, group, position, isLive: false, isReplaying: false, untaken: 0 };
    group.watchers.add(watcher);
    this.#watchers.set(socket, watcher);
    void this.#replay(watcher);
  }

  leave(socket: Socket): void {
    const watcher = this.#watchers.get(socket);
    if (watcher === undefined) return;
    this.#watchers.delete(socket);
    const { group } = watcher;
    group.watchers.delete(watcher);
    if (group.watchers.size > 0) return;
    const groups = this.#groups.get(group.selection.resource);
    groups?.delete(group.signature);
    if (groups?.size === 0) this.#groups.delete(group.selection.resource);
  }

  taken(socket: Socket, characters: number): void {
    const watcher = this.#watchers.get(socket);
    if (watcher === undefined) return;
    watcher.untaken = Math.max(0, watcher.untaken - characters);
    if (!watcher.isLive) void this.#replay(watcher);
  }

  /** Says how far a live watcher is; one that is replaying hears it at the end. */
  progress(socket: Socket): void {
    const watcher = this.#watchers.get(socket);
    if (watcher?.isLive === true) this.#send(watcher, encodeProgress(Math.max(watcher.position, this.#fed)));
  }

  /** Committed changes, in order. */
  offer(rows: HistoryRow[]): void {
    for (const row of rows) this.#queue.push(row);
    if (!this.#isFlushing) void this.#flush();
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    try {
      while (this.#queue.length > 0 && this.#state !== undefined) await this.#flushSome(this.#state);
    } catch (error) {
      this.#onError(error);
      if (this.#state !== undefined) this.attach(this.#state);
    } finally {
      this.#isFlushing = false;
    }
  }

  async #flushSome(state: State): Promise<void> {
    const rows = this.#queue.slice(0, changesAtOnce);
    const seen = this.#seenByGroup(rows);
    const texts = await state.texts(new Set([...seen.values()].flat().map(({ textRevision }) => textRevision)));
    // A reload meanwhile has put every watcher back to replaying.
    if (state !== this.#state) return;
    for (const [group, events] of seen) this.#feed(group, events, texts);
    this.#queue.splice(0, rows.length);
    this.#fed = Math.max(this.#fed, rows.at(-1)?.revision ?? 0);
  }

  #seenByGroup(rows: HistoryRow[]): Map<Group, Seen[]> {
    const seen = new Map<Group, Seen[]>();
    for (const row of rows) {
      for (const resource of [resourceOf(row.key), everyResource]) {
        for (const group of this.#groups.get(resource)?.values() ?? []) {
          const events = seenIn(group.selection, row);
          if (events.length > 0) seen.set(group, [...(seen.get(group) ?? []), ...events]);
        }
      }
    }
    return seen;
  }

  #feed(group: Group, seen: Seen[], texts: Map<number, string>): void {
    let shared: string | undefined;
    const first = seen[0]?.revision ?? 0;
    for (const watcher of group.watchers) {
      if (!watcher.isLive) continue;
      if (watcher.position < first) this.#send(watcher, shared ??= encodeEvents(eventsOf(seen, texts)));
      else {
        const rest = seen.filter(({ revision }) => revision > watcher.position);
        if (rest.length > 0) this.#send(watcher, encodeEvents(eventsOf(rest, texts)));
      }
    }
  }

  async #replay(watcher: Watcher): Promise<void> {
    if (watcher.isReplaying) return;
    watcher.isReplaying = true;
    try {
      while (this.#isWaiting(watcher) && await this.#replaySome(watcher, this.#state));
    } catch (error) {
      this.#onError(error);
      this.#cutOff(watcher, "replay failed");
    } finally {
      watcher.isReplaying = false;
    }
  }

  #isWaiting(watcher: Watcher): boolean {
    return this.#watchers.get(watcher.socket) === watcher && !watcher.isLive && watcher.untaken <= replayAheadCharacters;
  }

  /** True: there is more. Between the last look at the head and going live nothing waits, so nothing is missed. */
  async #replaySome(watcher: Watcher, state: State | undefined): Promise<boolean> {
    if (state === undefined) return false;
    if (watcher.position < state.floor) {
      this.#send(watcher, encodeExpired(state.floor));
      this.#cutOff(watcher, "expired");
      return false;
    }
    if (watcher.position >= state.revision) {
      watcher.isLive = true;
      this.#send(watcher, encodeProgress(watcher.position));
      return false;
    }
    await this.#sendHistory(watcher, state);
    return true;
  }

  async #sendHistory(watcher: Watcher, state: State): Promise<void> {
    const head = state.revision;
    const rows = (await state.history(watcher.position, changesAtOnce)).filter(({ revision }) => revision <= head);
    const seen = rows.flatMap((row) => seenIn(watcher.group.selection, row));
    const texts = await state.texts(seen.map(({ textRevision }) => textRevision));
    if (state !== this.#state || watcher.position < state.floor) return;
    if (seen.length > 0) this.#send(watcher, encodeEvents(eventsOf(seen, texts)));
    watcher.position = rows.at(-1)?.revision ?? head;
  }

  #send(watcher: Watcher, message: string): void {
    watcher.untaken += message.length;
    if (watcher.isLive && watcher.untaken > mostAheadCharacters) return this.#cutOff(watcher, "too slow");
    watcher.socket.send(message);
  }

  #cutOff({ socket }: Watcher, reason: string): void {
    this.leave(socket);
    socket.close(1013, reason);
  }

  #groupOf(selection: Selection): Group {
    const { resource, namespace, labels, fields, term } = selection;
    const signature = JSON.stringify([namespace, labels, fields, term]);
    const groups = this.#groups.get(resource) ?? new Map<string, Group>();
    this.#groups.set(resource, groups);
    const group = groups.get(signature) ?? { signature, selection, watchers: new Set() };
    groups.set(signature, group);
    return group;
  }
}
