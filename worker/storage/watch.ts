/**
 * A watch as the Worker sees it: a feed of batches from the Store Durable Object over a hibernatable WebSocket, so
 * that the store waits on no client. The feed starts after `since` and leaves no gap and no doubles.
 */
import { decodeStoreMessage, encodePosition, encodeProgress, encodeTaken } from "./frames.ts";
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

/** The Store's stub, or anything else that answers an upgrade. */
export interface WatchEndpoint {
  fetch(url: string, init: { headers: Record<string, string> }): Promise<{ status: number; webSocket: WebSocketLike | null; text(): Promise<string> }>;
}

/** What is used of a WebSocket. */
export interface WebSocketLike {
  accept(): void;
  send(message: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { data: string | ArrayBuffer }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
}

/** Where a WatchRequest travels: base64url of its JSON, in UTF-8. */
export const watchHeader = "x-kedge-watch";

const openTimeoutMs = 15_000;
/** The store is told in such steps what the reader has taken. */
const takenCharacters = 256_000;

export function connectWatch(store: WatchEndpoint): OpenWatch {
  return async (request) => {
    const upgrade = store.fetch("https://store/watch", {
      headers: { Upgrade: "websocket", [watchHeader]: encodeWatchRequest(request) },
    });
    const response = await within(openTimeoutMs, upgrade);
    if (response.webSocket === null) throw new Error(`the store refused a watch: ${response.status} ${await response.text()}`);
    return new SocketFeed(response.webSocket, request.since);
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`the store did not open a watch within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

class SocketFeed implements WatchFeed {
  readonly #socket: WebSocketLike;
  readonly #batches: { batch: WatchBatch; characters: number }[] = [];
  #reader: ((batch: WatchBatch | undefined) => void) | undefined;
  #position: number;
  #isOver = false;
  #taken = 0;

  constructor(socket: WebSocketLike, since: number) {
    this.#socket = socket;
    this.#position = since;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.#receive(data);
    });
    socket.addEventListener("close", () => this.#end());
    socket.addEventListener("error", () => this.#end());
    socket.accept();
  }

  next(): Promise<WatchBatch | undefined> {
    const first = this.#batches.shift();
    if (first !== undefined) {
      this.#take(first.characters);
      return Promise.resolve(first.batch);
    }
    if (this.#isOver) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  progress(): void {
    this.#send(encodeProgress(this.#position));
  }

  close(): void {
    this.#end();
    this.#socket.close(1000, "done");
  }

  #receive(data: string): void {
    const message = decodeStoreMessage(data);
    switch (message.type) {
      case "hello":
        // A new instance of the store knows the selection alone: tell it where to go on.
        return this.#send(encodePosition(this.#position));
      case "progress":
        this.#position = Math.max(this.#position, message.revision);
        return this.#deliver(message, data.length);
      case "events":
        return this.#deliver(this.#unseen(message.events), data.length);
      case "expired":
        this.#deliver(message, data.length);
        return this.#end();
    }
  }

  /** A store that replays after a hello sent early may repeat; the reader never sees it. */
  #unseen(all: ChangeEvent[]): WatchBatch | undefined {
    const events = all.filter(({ revision }) => revision > this.#position);
    this.#position = events.at(-1)?.revision ?? this.#position;
    return events.length > 0 ? { type: "events", events } : undefined;
  }

  #deliver(batch: WatchBatch | undefined, characters: number): void {
    const reader = this.#reader;
    if (batch === undefined) return this.#take(characters);
    if (reader === undefined) {
      this.#batches.push({ batch, characters });
      return;
    }
    this.#reader = undefined;
    this.#take(characters);
    reader(batch);
  }

  #take(characters: number): void {
    this.#taken += characters;
    if (this.#taken < takenCharacters) return;
    this.#send(encodeTaken(this.#taken));
    this.#taken = 0;
  }

  #send(message: string): void {
    if (!this.#isOver) this.#socket.send(message);
  }

  #end(): void {
    this.#isOver = true;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.(undefined);
  }
}

export function encodeWatchRequest(request: WatchRequest): string {
  const bytes = new TextEncoder().encode(JSON.stringify(request));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export function decodeWatchRequest(header: string): WatchRequest {
  const bytes = Uint8Array.from(atob(header), (character) => character.charCodeAt(0));
  // Made by `encodeWatchRequest` in the same deployment.
  return JSON.parse(new TextDecoder().decode(bytes)) as WatchRequest;
}
