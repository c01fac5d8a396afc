/**
 * A small cluster around the store: sets that want a number of pods, their reconciler (woken by the store, writing
 * guarded lists), a client. Instances of the store die and are replaced, as the platform does it: whoever waits for
 * one that died gets an error, the next call starts another.
 */
import type { DatabaseSync } from "node:sqlite";
import { plainCodec } from "../../worker/storage/codec.ts";
import { StoreCore } from "../../worker/storage/core.ts";
import { D1Persistence } from "../../worker/storage/d1.ts";
import type { HistoryBounds } from "../../worker/storage/compactor.ts";
import type { Change, ListPage, Store, StoredObject, StorePolicy, Wake, WriteAnswer, WriteList, WriteOperation } from "../../worker/storage/store.ts";
import { Faults, faultyPersistence, faultyWake, type Plan } from "./faults.ts";
import { create, indexOf, remove, textOf } from "./objects.ts";
import { d1Of, openSqlite } from "./sqlite-d1.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const policy: StorePolicy = {
  wakesOf: (change) => ownersOf(change).map((name) => `workload/${name}`),
  scopesOf(change) {
    if (change.key.startsWith("sets/")) return change.before?.generation === change.after?.generation ? [] : ownersOf(change);
    return change.type === "MODIFIED" ? [] : ownersOf(change);
  },
  ttlSecondsOf: (key) => (key.startsWith("events/") ? 3_600 : undefined),
};

function ownersOf({ key, before, after }: Change): string[] {
  if (key.startsWith("sets/")) return [nameOf(key)];
  return [...new Set([...(before?.terms ?? []), ...(after?.terms ?? [])])].map((term) => term.slice("owner:".length));
}

const nameOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1);

/** What a write's caller knows afterwards. */
export interface Attempt {
  list: WriteList;
  startedAt: number;
  endedAt?: number;
  /** Undefined: an error, nobody knows. */
  answer?: WriteAnswer;
}

class Instance {
  readonly core: StoreCore;
  readonly #died = Promise.withResolvers<never>();
  isAlive = true;

  constructor(world: World, faults: Faults, wake: Wake) {
    this.#died.promise.catch(() => undefined);
    const persistence = new D1Persistence(d1Of(world.database), plainCodec);
    const pass = <T>(call: () => Promise<T>) => (this.isAlive ? faults.pass(() => this.die(), call) : never<T>());
    this.core = new StoreCore({
      persistence: faultyPersistence(persistence, pass),
      wake: faultyWake(wake, pass),
      policy,
      clock: world.clock,
      ...(world.history && { history: world.history }),
    });
  }

  die(): Promise<never> {
    this.isAlive = false;
    this.#died.reject(new Error("the instance died"));
    return never();
  }

  call<T>(work: (store: Store) => Promise<T>): Promise<T> {
    return Promise.race([work(this.core), this.#died.promise]);
  }
}

const never = <T>(): Promise<T> => new Promise(() => undefined);

export interface WorldOptions {
  plans?: Plan[];
  /** Wakes are acknowledged and not delivered: only the cron is left. */
  dropsWakes?: boolean;
  history?: HistoryBounds;
}

export class World {
  readonly clock = new VirtualClock();
  readonly database: DatabaseSync = openSqlite();
  readonly faults: Faults;
  readonly attempts: Attempt[] = [];
  readonly history: HistoryBounds | undefined;
  dropsWakes: boolean;
  #instance: Instance | undefined;
  #steps = 0;
  #pods = 0;
  #rivals = 0;

  constructor(options: WorldOptions = {}) {
    this.history = options.history;
    this.dropsWakes = options.dropsWakes ?? false;
    this.faults = new Faults(options.plans ?? [], () => this.#rivalWrites());
  }

  /** The instance that the platform would route to. */
  instance(): Instance {
    if (this.#instance?.isAlive !== true) this.#instance = new Instance(this, this.faults, (target) => this.#woken(target));
    return this.#instance;
  }

  /** Another instance over the same database that no fault befalls. */
  rival(): StoreCore {
    return new Instance(this, new Faults([], async () => undefined), (target) => this.#woken(target)).core;
  }

  call<T>(work: (store: Store) => Promise<T>): Promise<T> {
    return this.instance().call(work);
  }

  /** A client's write; undefined when nobody knows. */
  async write(list: WriteList, store?: Store): Promise<WriteAnswer | undefined> {
    const attempt: Attempt = { list, startedAt: ++this.#steps };
    this.attempts.push(attempt);
    try {
      attempt.answer = await (store === undefined ? this.call((current) => current.write(list)) : store.write(list));
    } catch {
      return undefined;
    } finally {
      attempt.endedAt = ++this.#steps;
    }
    return attempt.answer;
  }

  /** Until what was to happen at once has happened. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(1, resolve);
    });
  }

  async #rivalWrites(): Promise<void> {
    await this.write({ operations: [create(`marks//rival-${++this.#rivals}`, `rival ${this.#rivals}`)] }, this.rival());
  }

  // --- the reconciler

  async #woken(target: string): Promise<void> {
    if (this.dropsWakes) return;
    const name = target.slice("workload/".length);
    for (let round = 0; round < 20; round++) if (await this.#reconcile(name)) return;
    throw new Error(`${name} does not come to rest`);
  }

  async #reconcile(name: string): Promise<boolean> {
    const [sets, pods] = await this.call((store) =>
      store.listMany([
        { resource: "sets", fields: [{ field: "metadata.name", operator: "=", value: name }] },
        { resource: "pods", term: `owner:${name}` },
      ]));
    const set = sets?.items[0];
    if (sets === undefined || pods === undefined || set === undefined) return true;
    const operations = this.#missing(name, set, pods);
    const guards = [{ scope: name, revision: pods.revision }];
    if (operations.length > 0) await this.write({ operations, guards, isAtomic: true });
    else if (this.#isSettled(set.key)) return true;
    else await this.write({ operations: [settle(set)] });
    return false;
  }

  #missing(name: string, set: StoredObject, pods: ListPage): WriteOperation[] {
    const missing = replicasOf(set) - pods.items.length;
    const creates = Array.from({ length: Math.max(0, missing) }, () =>
      create(`pods/default/${name}-${++this.#pods}`, `pod ${this.#pods}`, { terms: [`owner:${name}`] }));
    const excess = missing < 0 ? pods.items.slice(missing).map(({ key, revision }) => remove(key, { revision })) : [];
    return [...creates, ...excess];
  }

  #isSettled(key: string): boolean {
    const row = this.database.prepare("SELECT idx ->> 'isSettled' AS settled FROM objects WHERE key = ?").get(key);
    return row?.["settled"] === 1;
  }
}

export function setOf(name: string, replicas: number, generation: number): Extract<WriteOperation, { verb: "create" }> {
  const operation = create(`sets//${name}`, "", { isSettled: false, generation });
  return { ...operation, text: textOf(`${name} ${replicas} ${generation}`) };
}

export function replicasOf(set: StoredObject): number {
  return Number(/"value":"\S+ (\d+)/.exec(set.text)?.[1]);
}

let settlements = 0;

function settle({ key, text, revision }: StoredObject): WriteOperation {
  const generation = Number(/"value":"\S+ \d+ (\d+)/.exec(text)?.[1]);
  const settled = text.replace('","serial"', ` settled ${++settlements}","serial"`);
  return { verb: "update", key, text: settled, index: indexOf(key, { generation }), expect: { revision } };
}
