/** A controller's view of the store: parsed objects, and the lowest revision that any of them was read at. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import type { Credentials, Reader } from "../../controllers/controller.ts";
import { objectOf } from "../../registry/text.ts";
import { resourceByKey } from "../../resources/custom/kinds.ts";
import type { Settings } from "../../settings/settings.ts";
import type { ListQuery, ObjectKey, Store, StoredObject } from "../../storage/store.ts";

/** A page of pods is some megabytes; an answer of the store may hold 32. */
const pageSize = 1000;

export class SnapshotReader implements Reader {
  readonly seed: number;
  readonly refusals: readonly string[];
  readonly isRequeued: boolean;
  readonly credentials: Credentials;
  /** What was read, by key: updates and deletes are planned against it. */
  readonly observed = new Map<ObjectKey, Stored<KubernetesObject>>();
  readonly #store: Pick<Store, "getMany" | "list" | "usedOf">;
  readonly #verified: () => Promise<Settings>;
  #settings: Settings;
  #areVerified = false;
  #revision = Number.POSITIVE_INFINITY;

  constructor(store: Pick<Store, "getMany" | "list" | "usedOf">, options: Pick<Reader, "seed" | "refusals" | "isRequeued" | "settings" | "credentials"> & { verified(): Promise<Settings> }) {
    this.#store = store;
    this.seed = options.seed;
    this.refusals = options.refusals;
    this.isRequeued = options.isRequeued;
    this.#settings = options.settings;
    this.#verified = options.verified;
    this.credentials = options.credentials;
  }

  get settings(): Settings {
    return this.#settings;
  }

  async verifiedSettings(): Promise<Settings> {
    if (!this.#areVerified) this.#settings = await this.#verified();
    this.#areVerified = true;
    return this.#settings;
  }

  /** The revision to guard a plan with: nothing that was read is older. */
  get revision(): number {
    return this.#revision;
  }

  async get<T extends KubernetesObject>(key: ObjectKey): Promise<Stored<T> | undefined> {
    const { revision, items } = await this.#store.getMany([key]);
    this.#readAt(revision);
    const item = items[0];
    return item === undefined ? undefined : await this.#parsed<T>(item);
  }

  async list<T extends KubernetesObject>(query: ListQuery): Promise<Stored<T>[]> {
    const objects: Stored<T>[] = [];
    let after: ObjectKey | undefined;
    do {
      const page = await this.#store.list({ ...query, limit: pageSize, ...(after === undefined ? {} : { after }) });
      if ("expired" in page) throw new Error(`list of ${query.resource} expired at ${page.revision}`);
      this.#readAt(page.revision);
      for (const item of page.items) {
        const object = await this.#parsed<T>(item);
        if (object !== undefined) objects.push(object);
      }
      after = page.next;
    } while (after !== undefined);
    return objects;
  }

  usedOf(quota: ObjectKey): Promise<Record<string, number>> {
    return this.#store.usedOf(quota);
  }

  #readAt(revision: number): void {
    this.#revision = Math.min(this.#revision, revision);
  }

  /** kedge's own objects (`_agents`) are of no kind and are left out; another kind may have been made a moment ago. */
  async #parsed<T extends KubernetesObject>(item: StoredObject): Promise<Stored<T> | undefined> {
    const name = item.key.slice(0, item.key.indexOf("/"));
    const known = resourceByKey(this.#settings, name);
    const resource = known !== undefined || name.startsWith("_") ? known : resourceByKey(await this.verifiedSettings(), name);
    if (resource === undefined) return undefined;
    const object = objectOf<T>(resource, item);
    // Read twice, it is compared as it was first: who changed it in between is not to be overwritten.
    if (!this.observed.has(item.key)) this.observed.set(item.key, object);
    return object;
  }
}
