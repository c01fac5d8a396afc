/**
 * The cluster's own keys, by purpose: kept in the store as `_keys//<purpose>`, encrypted at rest like Secrets and served
 * by no path of the API. Whoever needs one first makes it; of two makers at once, the store takes one's.
 */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { textOf } from "../registry/text.ts";
import type { ObjectKey, Store, WriteOperation } from "../storage/store.ts";

export type KeyringStore = Pick<Store, "get" | "write">;

export interface KeyringPorts<Keys> {
  purpose: string;
  make(): Promise<Keys>;
  now(): number;
}

/** So long an isolate may not know of a rotation in another one. */
const freshMs = 30_000;
/** A stranger may ask for keys that never were: so seldom is the store asked again. */
const askAgainMs = 2_000;
const attempts = 5;

interface Held<Keys> {
  keys: Keys;
  revision: number;
  readAt: number;
}

export class Keyring<Keys> {
  readonly #ports: KeyringPorts<Keys>;
  readonly #key: ObjectKey;
  #held: Held<Keys> | undefined;

  constructor(ports: KeyringPorts<Keys>) {
    this.#ports = ports;
    this.#key = `_keys//${ports.purpose}`;
  }

  /** The keys, at most half a minute old; made if the cluster has none yet. */
  async keys(store: KeyringStore): Promise<Keys> {
    return this.#isFresh(freshMs) ? this.#held!.keys : (await this.#read(store)).keys; // fresh: held
  }

  /** For who looks for a key that is not among those known here. */
  async newer(store: KeyringStore): Promise<Keys> {
    return this.#isFresh(askAgainMs) ? this.#held!.keys : (await this.#read(store)).keys; // fresh: held
  }

  /** Puts other keys in the place of those that are there. */
  async replace(store: KeyringStore, change: (keys: Keys) => Promise<Keys>): Promise<Keys> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { keys, revision } = await this.#read(store);
      const next = await change(keys);
      const written = await this.#write(store, next, revision);
      if (written !== undefined) return next;
    }
    throw new Error(`the keys of ${this.#key} are being replaced by others, too`);
  }

  #isFresh(ms: number): boolean {
    return this.#held !== undefined && this.#ports.now() - this.#held.readAt < ms;
  }

  async #read(store: KeyringStore): Promise<Held<Keys>> {
    const found = await this.#stored(store);
    if (found !== undefined) return found;
    const made = await this.#write(store, await this.#ports.make(), undefined);
    const held = made ?? (await this.#stored(store));
    if (held === undefined) throw new Error(`the keys of ${this.#key} could not be kept`);
    return held;
  }

  async #stored(store: KeyringStore): Promise<Held<Keys> | undefined> {
    const stored = await store.get(this.#key);
    if (stored === undefined) return undefined;
    const { keys } = JSON.parse(stored.text) as { keys: Keys }; // written by #write
    this.#held = { keys, revision: stored.revision, readAt: this.#ports.now() };
    return this.#held;
  }

  /** Undefined: another writer was faster. */
  async #write(store: KeyringStore, keys: Keys, expected: number | undefined): Promise<Held<Keys> | undefined> {
    const { results } = await store.write({ operations: [this.#operation(keys, expected)] });
    const [result] = results;
    if (result?.ok === true) {
      this.#held = { keys, revision: result.revision, readAt: this.#ports.now() };
      return this.#held;
    }
    if (result?.reason === "exists" || result?.reason === "conflict" || result?.reason === "not-found") return undefined;
    throw new Error(`the keys of ${this.#key} could not be stored: ${result?.reason ?? "no answer"}`);
  }

  #operation(keys: Keys, expected: number | undefined): WriteOperation {
    const { purpose, now } = this.#ports;
    const metadata = { name: purpose, creationTimestamp: new Date(now()).toISOString() };
    const text = textOf({ metadata, keys } as KubernetesObject);
    const index = { uid: purpose, labels: {}, fields: { "metadata.name": purpose }, terms: [], generation: 0, isDeleting: false, isSettled: true };
    if (expected === undefined) return { verb: "create", key: this.#key, text, index };
    return { verb: "update", key: this.#key, text, index, expect: { revision: expected } };
  }
}
