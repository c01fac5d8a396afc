/** A feed as one version of a custom kind sees it (./converting-store.ts): each batch is converted, and judged where the store cannot. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { ChangeEvent, Expired, ObjectKey, Selection } from "../storage/store.ts";
import type { OpenWatch, WatchBatch, WatchFeed, WatchRequest } from "../storage/watch.ts";
import type { ConvertingStore } from "./converting-store.ts";
import { splitSelection } from "./own-selection.ts";
import { isConverted, type VersionedKind } from "./webhook-converter.ts";

export interface WatchPorts {
  openWatch: OpenWatch;
  /** As the definition is now: a feed ends when it changes, and goes on as another one. */
  current(): Promise<VersionedKind | undefined>;
  storeFor(kind: VersionedKind): ConvertingStore;
}

export function convertingWatch({ openWatch, current, storeFor }: WatchPorts): OpenWatch {
  return async (request) => {
    const kind = await current();
    if (kind === undefined) throw new Error("the version is no longer served");
    const store = storeFor(kind);
    const isCurrent = async () => (await current()) === kind;
    const { stored, isMatch } = splitSelection(kind, request);
    // What the store judges and nobody converts comes as it is, and nothing is asked for each batch.
    if (isMatch === undefined && !isConverted(kind)) return await openWatch(request);
    if (isMatch === undefined) return new ConvertingFeed(await openWatch(request), store, { isCurrent });
    const keys = await keysMatching(store, request, request.since);
    if (!(keys instanceof Set)) return expiredFeed(keys.floor);
    return new ConvertingFeed(await openWatch(stored), store, { isCurrent, matching: new Matching(store, stored, { isMatch, keys }) });
  };
}

async function keysMatching(store: ConvertingStore, { since: _, ...selection }: WatchRequest, atRevision: number): Promise<Set<ObjectKey> | Expired> {
  const keys = new Set<ObjectKey>();
  let after: ObjectKey | undefined;
  do {
    const page = await store.list({ ...selection, atRevision, limit: 500, ...(after === undefined ? {} : { after }) });
    if ("expired" in page) return page;
    for (const { key } of page.items) keys.add(key);
    after = page.next;
  } while (after !== undefined);
  return keys;
}

const expiredFeed = (floor: number): WatchFeed => ({
  next: () => Promise.resolve({ type: "expired", floor }),
  progress: () => undefined,
  close: () => undefined,
});

interface FeedOptions {
  isCurrent(): Promise<boolean>;
  /** Absent: the store has judged. */
  matching?: Matching;
}

class ConvertingFeed implements WatchFeed {
  readonly #feed: WatchFeed;
  readonly #store: ConvertingStore;
  readonly #options: FeedOptions;

  constructor(feed: WatchFeed, store: ConvertingStore, options: FeedOptions) {
    this.#feed = feed;
    this.#store = store;
    this.#options = options;
  }

  async next(): Promise<WatchBatch | undefined> {
    for (;;) {
      const batch = await this.#feed.next();
      if (batch?.type !== "events") return batch;
      if (!(await this.#options.isCurrent())) return undefined;
      const shown = await this.#store.shown(batch.events);
      const events = this.#options.matching === undefined ? shown : await this.#options.matching.seen(shown);
      // What concerns nobody here is passed over; the next word of progress tells how far.
      if (events.length > 0) return { type: "events", events };
    }
  }

  progress(): void {
    this.#feed.progress();
  }

  close(): void {
    this.#feed.close();
  }
}

interface Judged {
  isMatch: (object: Stored<KubernetesObject>) => boolean;
  keys: Set<ObjectKey>;
}

/** Which objects match now: one that begins to is new to the client, one that ceases to is gone. */
class Matching {
  readonly #store: ConvertingStore;
  readonly #selection: Selection;
  readonly #isMatch: Judged["isMatch"];
  readonly #keys: Set<ObjectKey>;

  constructor(store: ConvertingStore, selection: Selection, { isMatch, keys }: Judged) {
    this.#store = store;
    this.#selection = selection;
    this.#isMatch = isMatch;
    this.#keys = keys;
  }

  async seen(events: ChangeEvent[]): Promise<ChangeEvent[]> {
    const seen: ChangeEvent[] = [];
    for (const event of events) {
      const was = this.#keys.has(event.key);
      const is = event.type !== "DELETED" && this.#isMatch(this.#store.objectOf(event));
      if (is) this.#keys.add(event.key);
      else this.#keys.delete(event.key);
      if (is) seen.push({ ...event, type: was ? "MODIFIED" : "ADDED" });
      else if (was) seen.push(event.type === "DELETED" ? event : { ...event, type: "DELETED", text: (await this.#before(event)) ?? event.text });
    }
    return seen;
  }

  /** A deletion shows the last state that matched. */
  async #before({ key, revision }: ChangeEvent): Promise<string | undefined> {
    const { resource, namespace } = this.#selection;
    const name = key.slice(key.lastIndexOf("/") + 1);
    const page = await this.#store.list({
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      fields: [{ field: "metadata.name", operator: "=", value: name }],
      atRevision: revision - 1,
    });
    return "expired" in page ? undefined : page.items.find((item) => item.key === key)?.text;
  }
}
