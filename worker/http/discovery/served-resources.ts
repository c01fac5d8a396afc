/** The kinds that are served at this moment, for everything that describes the API. */
import type { Env } from "../../env.ts";
import { resources } from "../../resources/registry.ts";
import type { Resource } from "../../resources/resource.ts";

/** The same array until one of them changes: what is made of it is kept by its identity. */
export function servedResources(_env: Env): Promise<readonly Resource[]> {
  return Promise.resolve(resources);
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
