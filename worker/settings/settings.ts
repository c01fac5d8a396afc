/** What the cluster's settings (../resources/settings.ts) are at one moment: plain data that pure code may be given. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { SettingResource } from "../resources/settings.ts";

export interface Settings {
  /**
   * All objects of a resource, in order of their keys. The same array until one of them changes; nobody may change it or
   * what is in it.
   */
  list<T extends KubernetesObject = KubernetesObject>(resource: SettingResource): readonly Stored<T>[];
}

/** A cluster that has none. */
export const noSettings: Settings = { list: () => [] };

/** What is computed from some resources, once for each state of theirs. `compute` sees these resources and no others. */
export function derived<T>(sources: readonly SettingResource[], compute: (settings: Settings) => T): (settings: Settings) => T {
  let last: { lists: readonly unknown[][]; value: T } | undefined;
  return (settings) => {
    const lists = sources.map((source) => settings.list(source) as unknown[]);
    if (last === undefined || lists.some((list, at) => list !== last?.lists[at])) last = { lists, value: compute(settings) };
    return last.value;
  };
}
