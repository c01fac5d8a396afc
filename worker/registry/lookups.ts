/**
 * What planning looks at beyond the request and is read before it, because planning is pure: settings come from the
 * isolate's copy (asked for anew before one is missed), everything else by one read.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { resourceByKey } from "../resources/registry.ts";
import type { RequestContext } from "../resources/resource.ts";
import { isSetting } from "../resources/settings.ts";
import type { Settings } from "../settings/settings.ts";
import type { ObjectKey, Store } from "../storage/store.ts";
import { needsOf } from "./admission/chain.ts";
import { lookUp } from "./admission/look-up.ts";
import type { Attributes } from "./admission/plugin.ts";
import { findServiceAccounts, isServiceAccount, type ObjectMemory } from "./service-accounts.ts";
import { objectOf } from "./text.ts";

export interface LookupPorts {
  store: Pick<Store, "getMany">;
  /** The settings as they are now. */
  verified(): Promise<Settings>;
  /** Absent: nothing is remembered. */
  memory?: ObjectMemory;
}

/** The context for planning these: most need nothing that is not there already, and cost nothing. */
export async function withLookups(
  asked: Omit<Attributes, "context">[],
  context: RequestContext,
  { store, verified, memory }: LookupPorts,
): Promise<RequestContext> {
  const needs = new Set(asked.flatMap((attributes) => needsOf({ ...attributes, context })));
  let result = context;
  const isMissed = [...needs].some((key) => isOfSettings(key) && lookUp(context, key) === undefined);
  if (isMissed) result = { ...result, settings: await verified() };
  const keys = [...needs].filter((key) => !isOfSettings(key));
  if (keys.length === 0) return result;
  const accounts = await findServiceAccounts(keys.filter(isServiceAccount), store, memory);
  const others = keys.filter((key) => !isServiceAccount(key));
  return { ...result, found: others.length === 0 ? accounts : new Map([...accounts, ...(await read(others, store))]) };
}

async function read(keys: ObjectKey[], store: Pick<Store, "getMany">): Promise<ReadonlyMap<ObjectKey, Stored<KubernetesObject>>> {
  const { items } = await store.getMany(keys);
  return new Map(items.flatMap((stored) => {
    const resource = stored && resourceByKey(resourceOf(stored.key));
    return stored === undefined || resource === undefined ? [] : [[stored.key, objectOf(resource, stored)]];
  }));
}

const resourceOf = (key: ObjectKey): string => key.slice(0, key.indexOf("/"));
const isOfSettings = (key: ObjectKey): boolean => isSetting(resourceOf(key));
