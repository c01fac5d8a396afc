/**
 * Pods' service accounts, looked up before pods are planned. An isolate remembers them without asking whether they
 * changed: a write that was planned upon an old one is refused, the old one forgotten, and the plan made anew.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { serviceAccounts } from "../resources/core/service-accounts.ts";
import type { ObjectKey, Store } from "../storage/store.ts";
import { objectOf } from "./text.ts";

type Found = Map<ObjectKey, Stored<KubernetesObject>>;

export interface ObjectMemory {
  get(key: ObjectKey): Stored<KubernetesObject> | undefined;
  keep(key: ObjectKey, object: Stored<KubernetesObject>): void;
}

/** A new namespace's own account is being made by its controller: upstream waits for it, too, up to two seconds. */
const waitsMs = [10, 20, 40, 80, 160, 300, 400, 500];

export const isServiceAccount = (key: ObjectKey): boolean => key.startsWith("serviceaccounts/");

interface Search {
  store: Pick<Store, "getMany">;
  memory: ObjectMemory | undefined;
  found: Found;
  /** Namespaces whose own account will be there in a moment. */
  living: Set<ObjectKey>;
}

export async function findServiceAccounts(keys: ObjectKey[], store: Pick<Store, "getMany">, memory: ObjectMemory | undefined): Promise<Found> {
  const search: Search = { store, memory, found: new Map(), living: new Set() };
  for (const key of keys) {
    const known = memory?.get(key);
    if (known !== undefined) search.found.set(key, known);
  }
  let missing = keys.filter((key) => !search.found.has(key));
  if (missing.length > 0) await read(missing, search);
  for (const waitMs of waitsMs) {
    missing = missing.filter((key) => !search.found.has(key) && key.endsWith("/default") && search.living.has(namespaceKeyOf(key)));
    if (missing.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, waitMs * (0.75 + Math.random() / 2)));
    await read(missing, search);
  }
  return search.found;
}

async function read(keys: ObjectKey[], { store, memory, found, living }: Search): Promise<void> {
  const { items } = await store.getMany([...keys, ...new Set(keys.map(namespaceKeyOf))]);
  for (const stored of items) {
    if (stored === undefined) continue;
    const object = objectOf(isServiceAccount(stored.key) ? serviceAccounts : namespaces, stored);
    if (!isServiceAccount(stored.key)) {
      if (object.metadata.deletionTimestamp === undefined) living.add(stored.key);
      continue;
    }
    found.set(stored.key, object);
    memory?.keep(stored.key, object);
  }
}

const namespaceKeyOf = (key: ObjectKey): ObjectKey => `namespaces//${key.split("/")[1] ?? ""}`;
