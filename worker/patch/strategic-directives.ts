/** The keys of a strategic merge patch that say how to merge, and are no fields. */
import { getOwn, isObject, setOwn } from "./json.ts";
import type { JsonObject } from "./patch.ts";

export const setOrderPrefix = "$setElementOrder/";
export const deletePrefix = "$deleteFromPrimitiveList/";

/** 400: not a patch at all; 422: it cannot be applied. */
export class BadPatch extends Error {
  readonly code: 400 | 422;
  constructor(code: 400 | 422, message: string) {
    super(message);
    this.code = code;
  }
}

export const isDirective = (key: string): boolean =>
  key === "$patch" || key === "$retainKeys" || key.startsWith(setOrderPrefix) || key.startsWith(deletePrefix);

/** `$patch` of an object or of a list's item. */
export function patchDirectiveOf(patch: JsonObject): "delete" | "replace" | "merge" | undefined {
  const directive = getOwn(patch, "$patch");
  if (directive === undefined || directive === "delete" || directive === "replace" || directive === "merge") return directive;
  throw new BadPatch(400, `unknown patch type: ${String(directive)} in map: ${JSON.stringify(patch)}`);
}

/**
 * What a patch adds where nothing was: without directives and nulls. An object or item that carries `$patch` is
 * left out whole, as upstream leaves it out.
 */
export function added(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isObject(item) || getOwn(item, "$patch") === undefined).map(added);
  if (!isObject(value)) return value;
  return getOwn(value, "$patch") === undefined ? withoutDirectives(value) : undefined;
}

export function withoutDirectives(object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key of Object.keys(object)) {
    if (isDirective(key) || object[key] === null) continue;
    const value = added(object[key]);
    if (value !== undefined) setOwn(result, key, value);
  }
  return result;
}
