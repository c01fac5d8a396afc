/** JSON Merge Patch (RFC 7386). */
import { copyOf, getOwn, isObject, setOwn } from "./json.ts";
import type { JsonObject, PatchResult } from "./patch.ts";

export function mergePatch(document: JsonObject, patch: unknown): PatchResult {
  if (!isObject(patch)) return { ok: false, code: 400, message: "error decoding patch: a merge patch must be an object" };
  return { ok: true, value: merge(document, patch) };
}

/** A null deletes, an object merges, everything else replaces. */
function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target };
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete result[key];
    else if (isObject(value)) {
      const before = getOwn(target, key);
      setOwn(result, key, merge(isObject(before) ? before : {}, value));
    } else setOwn(result, key, copyOf(value));
  }
  return result;
}
