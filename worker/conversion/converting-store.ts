/**
 * The store as one version of a custom kind sees it: what is read is converted to that version, what is written is
 * converted to the version that is stored, and selectors judge the objects as they are shown. Everything else passes.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { objectOf, textOf, versionOfText } from "../registry/text.ts";
import { indexOf } from "../resources/object-index.ts";
import { resourceKey } from "../resources/resource.ts";
import type { Settings } from "../settings/settings.ts";
import type { Expired, ListPage, ListQuery, ObjectKey, ObjectText, Store, StoredObject, WriteAnswer, WriteList, WriteOperation } from "../storage/store.ts";
import { splitSelection } from "./own-selection.ts";
import { converterOf, isConverted, type Convert, type ConversionPorts, type VersionedKind } from "./webhook-converter.ts";

export type Texts = Pick<StoredObject, "text" | "revision">;

/** Objects that the store is asked for at once, where it cannot tell which ones are wanted. */
const chunkItems = 100;

export class ConvertingStore {
  readonly #store: Store;
  readonly #kind: VersionedKind;
  readonly #convert: Convert;
  readonly #settings: () => Promise<Settings>;

  constructor(store: Store, kind: VersionedKind, ports: ConversionPorts & { settings(): Promise<Settings> }) {
    this.#store = store;
    this.#kind = kind;
    this.#convert = converterOf(kind, ports);
    this.#settings = ports.settings;
  }

  /** Everything that is not of the kind goes to the store itself. */
  asStore(): Store {
    const store = this.#store;
    return {
      ...store,
      get: async (key) => {
        const stored = await store.get(key);
        return stored === undefined || !this.#isOwn(key) ? stored : (await this.shown([stored]))[0];
      },
      getMany: async (keys) => {
        const { revision, items } = await store.getMany(keys);
        const own = await this.shown(items.filter((item) => item !== undefined && this.#isOwn(item.key)) as StoredObject[]); // looked at
        const byKey = new Map(own.map((item) => [item.key, item]));
        return { revision, items: items.map((item) => item && (byKey.get(item.key) ?? item)) };
      },
      list: (query) => (query.resource === resourceKey(this.#kind) ? this.list(query) : store.list(query)),
      write: (list) => this.#write(list),
    };
  }

  async list(query: ListQuery): Promise<ListPage | Expired> {
    const { stored, isMatch } = splitSelection(this.#kind, query);
    if (isMatch !== undefined) return await this.#listMatching(stored, isMatch);
    const page = await this.#store.list(query);
    return "expired" in page ? page : { ...page, items: await this.shown(page.items) };
  }

  /** As this version has them, in the same order. */
  async shown<T extends Texts>(items: T[]): Promise<(T & { isOutdated?: true })[]> {
    if (!isConverted(this.#kind)) return items;
    const { versions } = this.#kind.custom;
    const apiVersion = this.#apiVersion;
    const objects = items.map(({ text }) => this.#parsed(text));
    const converted = await this.#convert(objects, apiVersion);
    return items.map((item, at) => ({
      ...item,
      text: textOf(converted[at] ?? {}, apiVersion),
      ...(versionOfText(versions, item.text) === versions.storage ? {} : { isOutdated: true as const }),
    }));
  }

  objectOf(stored: Texts): Stored<KubernetesObject> {
    return objectOf(this.#kind, stored);
  }

  get #apiVersion(): string {
    return `${this.#kind.group}/${this.#kind.version}`;
  }

  #isOwn(key: ObjectKey): boolean {
    return key.startsWith(`${resourceKey(this.#kind)}/`);
  }

  /** As its own version has it: what that does not know is dropped, what it fills in is filled in. */
  #parsed(text: ObjectText): KubernetesObject {
    const { versions } = this.#kind.custom;
    const apiVersion = versionOfText(versions, text);
    const object: KubernetesObject = { apiVersion, kind: this.#kind.kind, ...(JSON.parse(text) as KubernetesObject) };
    const own = versions.byApiVersion.get(apiVersion);
    own?.custom?.prune(object);
    own?.applyDefaults?.(object);
    return object;
  }

  async #listMatching(query: ListQuery, isMatch: (object: Stored<KubernetesObject>) => boolean): Promise<ListPage | Expired> {
    const limit = query.limit === undefined || query.limit <= 0 ? Infinity : query.limit;
    const items: StoredObject[] = [];
    let from: Pick<ListQuery, "after" | "atRevision"> = {};
    for (;;) {
      const page = await this.#store.list({ ...query, ...from, limit: chunkItems });
      if ("expired" in page) return page;
      const { revision, next } = page;
      const found = (await this.shown(page.items)).filter((item) => isMatch(this.objectOf(item)));
      const taken = found.slice(0, limit - items.length);
      items.push(...taken);
      const last = items.at(-1);
      if (items.length >= limit && last !== undefined && (taken.length < found.length || next !== undefined)) return { revision, items, next: last.key };
      if (next === undefined) return { revision, items };
      from = { after: next, atRevision: revision };
    }
  }

  async #write(list: WriteList): Promise<WriteAnswer> {
    // As upstream: a dry run is not encoded, and so not converted.
    if (!isConverted(this.#kind) || list.isDryRun === true) return await this.#store.write(list);
    const settings = await this.#settings();
    const planned = await Promise.all(list.operations.map((operation) => this.#stored(operation, settings)));
    const answer = await this.#store.write({ ...list, operations: planned.map(({ operation }) => operation) });
    const results = answer.results.map((result, at) => {
      const text = planned[at]?.text;
      return result.ok && text !== undefined ? { ...result, text } : result;
    });
    return { ...answer, results };
  }

  /** The operation in the version that is stored, with how that reads in this one: a webhook may lose something on the way. */
  async #stored(operation: WriteOperation, settings: Settings): Promise<{ operation: WriteOperation; text?: ObjectText }> {
    const { versions } = this.#kind.custom;
    const storage = versions.byApiVersion.get(versions.storage);
    if (operation.verb === "delete" || !this.#isOwn(operation.key) || storage === undefined) return { operation };
    if (versionOfText(versions, operation.text) === versions.storage) return { operation };
    const given: KubernetesObject = { kind: this.#kind.kind, ...(JSON.parse(operation.text) as KubernetesObject) };
    const [object = {}] = await this.#convert([given], versions.storage);
    const text = textOf(object, versions.storage);
    const [read] = await this.shown([{ text, revision: 0 }]);
    return { operation: { ...operation, text, index: indexOf(storage, object, settings) }, ...(read === undefined ? {} : { text: read.text }) };
  }
}
