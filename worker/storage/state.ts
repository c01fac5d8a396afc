/** What one instance holds in memory after it became the writer; replaced whole by the next load. */
import { Agenda } from "./agenda.ts";
import { Catalog } from "./catalog.ts";
import type { View } from "./draft.ts";
import type { HistoryRow, Meta, ObjectRow, Persistence, Snapshot } from "./persistence.ts";
import { Ring } from "./ring.ts";
import { Scopes } from "./scopes.ts";
import type { TextCache } from "./text-cache.ts";
import type { ObjectKey, ObjectText, StorePolicy } from "./store.ts";

/** What was selected is gone before its text was read: select again. */
export class CompactedError extends Error {
  override name = "CompactedError";
}

const ringLimit = 4_096;

export class State implements View {
  readonly catalog: Catalog;
  readonly agenda: Agenda;
  readonly ring: Ring;
  readonly scopes: Scopes;
  readonly clusterUid: string;
  readonly epoch: number;
  revision: number;
  floor: number;
  /** As stored; the dispatcher knows the present one. */
  cursor: number;
  dueAt: number | null;
  readonly #cache: TextCache;
  readonly #persistence: Persistence;

  constructor(options: { snapshot: Snapshot; policy: StorePolicy; cache: TextCache; persistence: Persistence }) {
    const { meta, objects, allocations } = options.snapshot;
    this.catalog = new Catalog(objects, allocations);
    this.agenda = new Agenda(options.policy, objects);
    this.ring = new Ring(meta.revision, ringLimit);
    this.scopes = new Scopes(meta.revision);
    this.clusterUid = meta.clusterUid;
    this.epoch = meta.epoch;
    this.revision = meta.revision;
    this.floor = meta.floor;
    this.cursor = meta.cursor;
    this.dueAt = meta.dueAt;
    this.#cache = options.cache;
    this.#persistence = options.persistence;
  }

  isAt(meta: Meta): boolean {
    return meta.epoch === this.epoch && meta.revision === this.revision;
  }

  entry(key: ObjectKey): ObjectRow | undefined {
    return this.catalog.entry(key);
  }

  owner(claim: string): ObjectKey | undefined {
    return this.catalog.owner(claim);
  }

  claimsOf(key: ObjectKey): Iterable<string> {
    return this.catalog.claimsOf(key);
  }

  scopeRevision(scope: string): number {
    return this.scopes.revision(scope);
  }

  apply(change: HistoryRow): void {
    this.catalog.apply(change);
    this.agenda.note(change);
    this.ring.push(change);
    this.revision = change.revision;
  }

  /** Texts of revisions, from memory, else from the database. */
  async texts(revisions: Iterable<number>): Promise<Map<number, ObjectText>> {
    const found = new Map<number, ObjectText>();
    const missing: number[] = [];
    for (const revision of revisions) {
      const text = this.#cache.get(revision);
      if (text === undefined) missing.push(revision);
      else found.set(revision, text);
    }
    for (let at = 0; at < missing.length; at += textsAtOnce) {
      for (const [revision, text] of await this.#persistence.texts(missing.slice(at, at + textsAtOnce))) {
        found.set(revision, text);
        this.#cache.put(revision, text);
      }
    }
    if (missing.some((revision) => !found.has(revision))) throw new CompactedError("a version went while it was being read");
    return found;
  }

  /** At most `limit` changes after a revision that is not below the floor. */
  async history(after: number, limit: number): Promise<HistoryRow[]> {
    return this.ring.after(after, limit) ?? this.#persistence.history(after, limit);
  }
}

/** A batch's answer stays at a few megabytes with real pods of 10–20 KB. */
const textsAtOnce = 500;
