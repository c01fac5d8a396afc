/**
 * An isolate's copy of the settings. Like the informers of kube-apiserver it may be behind, by a second and the time
 * of one question; what this isolate wrote itself it sees at once.
 *
 * Requests share the copy and not the question (an I/O promise belongs to its request): the first one that finds the
 * copy old asks the store and waits, the others go on with what is there.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { loadCel } from "../cel/load.ts";
import { objectOf } from "../registry/text.ts";
import { resourceByKey } from "../resources/registry.ts";
import { isSetting, settingResources, type SettingResource } from "../resources/settings.ts";
import type { ChangedLists, Store, StoredObject } from "../storage/store.ts";
import { noSettings, type Settings } from "./settings.ts";

export type SettingsStore = Pick<Store, "changedLists">;

/** Their expressions are evaluated by pure code, which cannot wait for the library. */
const expressive: SettingResource[] = ["customresourcedefinitions.apiextensions.k8s.io"];

const none: readonly never[] = [];

/** How old a copy serves without a question. */
const freshMs = 1_000;

type Lists = Map<SettingResource, readonly Stored<KubernetesObject>[]>;

export class SettingsCache {
  readonly #now: () => number;
  #lists: Lists | undefined;
  #clusterUid = "";
  #revision = -1;
  #askAgainAt = 0;
  /** Counts the writes of this isolate: an answer that was asked for before one is old already. */
  #writes = 0;
  /** How many of them the copy has seen for certain: while it is behind, nobody goes on with it. */
  #seenWrites = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The settings, at most a second old. */
  async current(store: SettingsStore): Promise<Settings> {
    const isFresh = this.#now() < this.#askAgainAt && this.#seenWrites === this.#writes;
    return this.#lists !== undefined && isFresh ? settingsOf(this.#lists) : await this.verified(store);
  }

  /** Whatever is there, without a question: for work that settings have little to say about. */
  latest(): Settings {
    return this.#lists === undefined ? noSettings : settingsOf(this.#lists);
  }

  /** The settings as they are now: before something is refused because of what a copy lacks. */
  async verified(store: SettingsStore): Promise<Settings> {
    const writes = this.#writes;
    this.#askAgainAt = this.#now() + freshMs;
    try {
      let answer = await store.changedLists(this.#held());
      if (this.#lists !== undefined && answer.clusterUid !== this.#clusterUid) {
        this.#lists = undefined;
        this.#revision = -1;
        answer = await store.changedLists(this.#held());
      }
      const lists = this.#apply(answer);
      if (expressive.some((resource) => (lists.get(resource) ?? none).length > 0)) await loadCel();
      this.#seenWrites = Math.max(this.#seenWrites, writes);
      return settingsOf(lists);
    } catch (error) {
      this.#askAgainAt = 0;
      throw error;
    }
  }

  /** After a write of this isolate: whoever comes next asks. */
  noteWrite(key: string): void {
    if (!isSetting(key.slice(0, key.indexOf("/")))) return;
    this.#writes += 1;
  }

  #held(): Record<string, number> {
    return Object.fromEntries(settingResources.map((resource) => [resource, this.#revision]));
  }

  /** Answers may come in another order than they were asked for: an older one changes nothing. */
  #apply({ clusterUid, revision, lists }: ChangedLists): Lists {
    const isWhole = settingResources.every((resource) => lists[resource] !== undefined);
    // A database that was restored to an earlier state answers with everything.
    if (!isWhole && revision < this.#revision && this.#lists !== undefined) return this.#lists;
    const next: Lists = new Map(this.#lists);
    for (const [resource, items] of Object.entries(lists)) if (isSetting(resource)) next.set(resource, parsed(resource, items));
    this.#lists = next;
    this.#clusterUid = clusterUid;
    this.#revision = revision;
    return next;
  }
}

function parsed(resource: SettingResource, items: StoredObject[]): Stored<KubernetesObject>[] {
  const kind = resourceByKey(resource);
  return kind === undefined ? [] : items.map((stored) => objectOf(kind, stored));
}

function settingsOf(lists: Lists): Settings {
  return {
    // Whoever asks knows what kind the resource is.
    list: <T extends KubernetesObject>(resource: SettingResource) => (lists.get(resource) ?? none) as readonly Stored<T>[],
  };
}

/** The isolate's own. */
export const settingsCache = new SettingsCache(() => Date.now());
