/** What a plugin asked for before planning (see `needs` of ./plugin.ts), out of the settings or of what was read. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import type { RequestContext } from "../../resources/resource.ts";
import { isSetting, type SettingResource } from "../../resources/settings.ts";
import type { Settings } from "../../settings/settings.ts";
import type { ObjectKey } from "../../storage/store.ts";

/** Undefined: it is not there. Nobody may change it. */
export function lookUp<T extends KubernetesObject>({ settings, found }: RequestContext, key: ObjectKey): Stored<T> | undefined {
  const resource = key.slice(0, key.indexOf("/"));
  const object = isSetting(resource) ? byKey(settings, resource).get(key.slice(resource.length + 1)) : found?.get(key);
  return object as Stored<T> | undefined; // the key names its kind
}

type List = readonly Stored<KubernetesObject>[];

/** By the list: it is the same one until it changes. */
const indexes = new WeakMap<List, ReadonlyMap<string, Stored<KubernetesObject>>>();

function byKey(settings: Settings, resource: SettingResource): ReadonlyMap<string, Stored<KubernetesObject>> {
  const list = settings.list(resource);
  const known = indexes.get(list);
  if (known !== undefined) return known;
  const index = new Map(list.map((object) => [`${object.metadata.namespace ?? ""}/${object.metadata.name}`, object]));
  indexes.set(list, index);
  return index;
}
