/** The kinds that are served at this moment, for everything that describes the API. */
import type { Env } from "../../env.ts";
import { storeOf } from "../../objects/ports.ts";
import * as kinds from "../../resources/custom/kinds.ts";
import type { Resource } from "../../resources/resource.ts";
import { settingsCache } from "../../settings/settings-cache.ts";

/** The same array until one of them changes: what is made of it is kept by its identity. */
export async function servedResources(env: Env): Promise<readonly Resource[]> {
  return kinds.servedResources(await settingsCache.current(storeOf(env)));
}

/** Made once for each set of kinds. */
export function ofKinds<T extends object>(make: (kinds: readonly Resource[]) => T): (kinds: readonly Resource[]) => T {
  const made = new WeakMap<readonly Resource[], T>();
  return (kinds) => {
    const known = made.get(kinds);
    if (known !== undefined) return known;
    const value = make(kinds);
    made.set(kinds, value);
    return value;
  };
}
