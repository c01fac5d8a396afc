/** The Store Durable Object: the store's core on D1, with wakes to the other objects and watches as WebSockets. */
import { DurableObject } from "cloudflare:workers";
import { storePolicy } from "../controllers/policy.ts";
import type { Env } from "../env.ts";
import { aesCodec } from "../storage/codec.ts";
import { StoreCore } from "../storage/core.ts";
import { D1Persistence } from "../storage/d1.ts";
import { isolateCounters } from "../storage/isolate-counters.ts";
import { decodeWorkerMessage, hello } from "../storage/frames.ts";
import type { ChangedLists, ChangeEvent, ChangesQuery, Expired, ListPage, ListQuery, ObjectKey, Selection, Store, StoredObject, StorePolicy, StoreStats, Wake, WriteAnswer, WriteList } from "../storage/store.ts";
import { systemClock } from "../storage/system-clock.ts";
import { decodeWatchRequest, watchHeader } from "../storage/watch.ts";

/** The one instance's name. */
export const storeName = "store";

/** What is encrypted at rest: Secrets, and the cluster's own keys. */
const isSealed = (key: ObjectKey): boolean => key.startsWith("secrets/") || key.startsWith("_keys/");

/** As kube-apiserver's --event-ttl. */
const eventTtlSeconds = 3_600;
const policy: StorePolicy = { ...storePolicy, ttlSecondsOf: (key) => (key.startsWith("events/") ? eventTtlSeconds : undefined) };

export class StoreObject extends DurableObject<Env> implements Store {
  readonly #core: StoreCore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const codec = aesCodec(env.ENCRYPTION_KEYS, isSealed);
    this.#core = new StoreCore({
      persistence: new D1Persistence(env.DB, codec, isolateCounters),
      policy,
      wake: wakeThrough(env),
      clock: systemClock,
      onLoaded: () => this.#greet(),
      log: (message, error) => console.warn(`store: ${message}`, error),
    });
  }

  get(key: ObjectKey): Promise<StoredObject | undefined> {
    return this.#core.get(key);
  }

  getMany(keys: ObjectKey[]): Promise<{ revision: number; items: (StoredObject | undefined)[] }> {
    return this.#core.getMany(keys);
  }

  list(query: ListQuery): Promise<ListPage | Expired> {
    return this.#core.list(query);
  }

  listMany(queries: ListQuery[]): Promise<ListPage[]> {
    return this.#core.listMany(queries);
  }

  write(list: WriteList): Promise<WriteAnswer> {
    return this.#core.write(list);
  }

  changes(queries: ChangesQuery[]): Promise<{ revision: number; events: ChangeEvent[][] } | Expired> {
    return this.#core.changes(queries);
  }

  changedLists(held: Record<string, number>): Promise<ChangedLists> {
    return this.#core.changedLists(held);
  }

  usedOf(budget: ObjectKey): Promise<Record<string, number>> {
    return this.#core.usedOf(budget);
  }

  describe(): Promise<{ clusterUid: string; epoch: number; revision: number; floor: number }> {
    return this.#core.describe();
  }

  maintain(): Promise<{ woken: number; expired: number; compacted: number }> {
    return this.#core.maintain();
  }

  reseal(): Promise<{ resealed: number; isDone: boolean }> {
    return this.#core.reseal();
  }

  stats(): Promise<StoreStats> {
    return this.#core.stats();
  }

  /** Opens a watch. The attachment (its selection) is all that outlives this instance; the reader knows its position. */
  override async fetch(request: Request): Promise<Response> {
    const header = request.headers.get(watchHeader);
    if (header === null || request.headers.get("Upgrade") !== "websocket") return new Response("want a watch", { status: 400 });
    const { since, ...selection } = decodeWatchRequest(header);
    const { 0: client, 1: server } = new WebSocketPair();
    try {
      server.serializeAttachment(selection);
    } catch {
      return new Response("the selection is too long", { status: 413 });
    }
    this.ctx.acceptWebSocket(server);
    this.ctx.waitUntil(this.#core.watch(server, selection, since).catch((error: unknown) => closeBroken(server, error)));
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const decoded = typeof message === "string" ? decodeWorkerMessage(message) : undefined;
    if (decoded === undefined) return socket.close(1003, "unknown message");
    const { feed } = this.#core;
    try {
      if (decoded.type === "taken") feed.taken(socket, decoded.characters);
      else if (!this.#core.isFeeding(socket)) await this.#core.watch(socket, socket.deserializeAttachment() as Selection, decoded.revision);
      else if (decoded.type === "progress") await this.#core.progress(socket);
    } catch (error) {
      closeBroken(socket, error);
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#core.feed.leave(socket);
    // 1005 and 1006 may not be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#core.feed.leave(socket);
  }

  /** Watches that an earlier instance left: their readers say where they are. */
  #greet(): void {
    for (const socket of this.ctx.getWebSockets()) if (!this.#core.isFeeding(socket)) socket.send(hello);
  }
}

/** `workload/<key>`, `scheduler`, `node/<name>`, `nodes`. */
function wakeThrough(env: Env): Wake {
  return async (target, revision) => {
    const slash = target.indexOf("/");
    const [receiver, rest] = slash < 0 ? [target, ""] : [target.slice(0, slash), target.slice(slash + 1)];
    switch (receiver) {
      case "workload":
        return env.WORKLOAD.get(env.WORKLOAD.idFromName(rest)).wake(revision);
      case "scheduler":
        return env.SCHEDULER.get(env.SCHEDULER.idFromName("scheduler")).wake(revision);
      case "node":
      case "nodes":
        return env.NODE_HUB.get(env.NODE_HUB.idFromName("hub")).wake(target, revision);
      default:
        throw new Error(`nobody answers for the wake target ${target}`);
    }
  };
}

/** The reader resumes by revision. */
function closeBroken(socket: WebSocket, error: unknown): void {
  console.warn("store: a watch failed", error);
  socket.close(1011, "the store failed");
}
