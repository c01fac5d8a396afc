/**
 * Strategic merge patch: a merge patch that knows from the schema which lists merge by a key.
 * Directives: `$patch` (replace, delete, merge), `$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>`,
 * `$retainKeys`. Specification: the Kubernetes community's contributors/devel/sig-api-machinery/strategic-merge-patch.md.
 */
import { typeSchema, type Field, type TypeSchema } from "../resources/schema.ts";
import { copyOf, getOwn, isObject, setOwn } from "./json.ts";
import type { JsonObject, PatchResult } from "./patch.ts";
import { added, BadPatch, deletePrefix, isDirective, patchDirectiveOf, setOrderPrefix, withoutDirectives } from "./strategic-directives.ts";
import { mergeList } from "./strategic-merge-list.ts";

type Types = (name: string) => TypeSchema;

export function strategicMergePatch(schema: string, document: JsonObject, patch: unknown, types: Types = typeSchema): PatchResult {
  if (!isObject(patch)) return { ok: false, code: 400, message: "error decoding patch: a strategic merge patch must be an object" };
  try {
    return { ok: true, value: mergeObject(types, { r: schema }, copyOf(document), patch) };
  } catch (error) {
    if (error instanceof BadPatch) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

/** Changes and returns `original`. */
function mergeObject(types: Types, type: Field | undefined, original: JsonObject, patch: JsonObject): JsonObject {
  const directive = patchDirectiveOf(patch);
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  retainKeys(original, patch);
  for (const key of Object.keys(patch)) {
    const field = (name: string): Field | undefined => fieldOf(types, type, name);
    if (key.startsWith(deletePrefix)) deleteFromList(original, key.slice(deletePrefix.length), patch[key]);
    else if (key.startsWith(setOrderPrefix)) setOrder(types, field(key.slice(setOrderPrefix.length)), original, { patch, key });
    else if (!isDirective(key) && !(setOrderPrefix + key in patch)) mergeField(types, field(key), original, { key, value: patch[key] });
  }
  return original;
}

function mergeField(types: Types, field: Field | undefined, original: JsonObject, { key, value }: { key: string; value: unknown }): void {
  const before = getOwn(original, key);
  if (value === null) delete original[key];
  else if (isObject(value) && isObject(before) && !strategiesOf(field).includes("replace")) {
    setOwn(original, key, mergeObject(types, field, before, value));
  } else if (Array.isArray(value) && Array.isArray(before) && strategiesOf(field).includes("merge")) {
    setOwn(original, key, mergedList(types, field, { original: before, patch: value, order: undefined }));
  } else {
    const fresh = added(value);
    if (fresh === undefined) delete original[key];
    else setOwn(original, key, fresh);
  }
}

/** A list whose order the patch names, together with what the patch puts into it. */
function setOrder(types: Types, field: Field | undefined, original: JsonObject, { patch, key }: { patch: JsonObject; key: string }): void {
  const name = key.slice(setOrderPrefix.length);
  const [order, list, before] = [patch[key], getOwn(patch, name), getOwn(original, name)];
  const isList = (value: unknown): boolean => value === undefined || Array.isArray(value);
  if (!Array.isArray(order) || !isList(list) || !isList(before)) throw new BadPatch(400, "invalid patch format of setElementOrder list");
  if (Array.isArray(list) && !Array.isArray(before)) setOwn(original, name, added(list));
  // Of a list that is replaced, the patch has all; one that it does not hold is only put in order.
  else if (Array.isArray(list) && !strategiesOf(field).includes("merge")) setOwn(original, name, list);
  const current = getOwn(original, name);
  if (!Array.isArray(current)) return;
  const merges = Array.isArray(before) && strategiesOf(field).includes("merge");
  const merged = mergedList(types, field, { original: current, patch: merges && Array.isArray(list) ? list : undefined, order });
  setOwn(original, name, merged);
}

type Lists = Pick<Parameters<typeof mergeList>[0], "original" | "patch" | "order">;

function mergedList(types: Types, field: Field | undefined, lists: Lists): unknown[] {
  return mergeList({ ...lists, mergeKey: field?.mk, mergeItem: (before, item) => mergeObject(types, field?.a, before, item) });
}

const strategiesOf = (field: Field | undefined): string[] => field?.s?.split(",") ?? [];

/** The type of a field of an object or of a map's entries; undefined where the schema knows nothing. */
function fieldOf(types: Types, type: Field | undefined, key: string): Field | undefined {
  if (type?.r === undefined) return type?.m;
  const fields = types(type.r).f;
  return fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** `$retainKeys` names all keys that stay: of unions, where the other member must go. */
function retainKeys(original: JsonObject, patch: JsonObject): void {
  const retained = getOwn(patch, "$retainKeys");
  if (retained === undefined) return;
  if (!Array.isArray(retained)) throw new BadPatch(400, "invalid patch format of retainKeys");
  const isForeign = Object.keys(patch).some((key) => !isDirective(key) && patch[key] !== null && !retained.includes(key));
  if (isForeign) throw new BadPatch(400, "invalid patch format of retainKeys");
  for (const key of Object.keys(original)) if (!retained.includes(key)) delete original[key];
}

function deleteFromList(original: JsonObject, key: string, items: unknown): void {
  if (!Array.isArray(items)) throw new BadPatch(400, "invalid patch format of primitive list");
  const before = getOwn(original, key);
  if (!Array.isArray(before)) return;
  if ([...before, ...items].some(isObject)) throw new BadPatch(422, "cannot merge lists without merge key");
  const deleted = new Set(items);
  setOwn(original, key, before.filter((item) => !deleted.has(item)));
}
