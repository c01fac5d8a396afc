/** The one CEL of an isolate: loaded when the cluster has the first thing that needs it. */
import type { Cel } from "./cel.ts";

let loaded: Cel | undefined;

export async function loadCel(): Promise<Cel> {
  loaded ??= (await import("./environment.ts")).cel;
  return loaded;
}

/** For pure code, which the shell calls after it has awaited `loadCel`. */
export function loadedCel(): Cel {
  if (loaded === undefined) throw new Error("CEL is needed and was not loaded");
  return loaded;
}
