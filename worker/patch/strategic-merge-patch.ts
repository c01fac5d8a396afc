/**
 * Strategic merge patch: a merge patch that knows from the schema which lists merge by a key.
 * Directives: `$patch` (replace, delete, merge), `$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>`,
 * `$retainKeys`. Specification: the Kubernetes community's contributors/devel/sig-api-machinery/strategic-merge-patch.md.
 */
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { typeSchema, type Field } from "../resources/schema.ts";
import { orderElements } from "./element-order.ts";
import { copyOf, getOwn, isObject, setOwn } from "./json.ts";
import type { JsonObject, PatchResult } from "./patch.ts";

class BadPatch extends Error {
  readonly code: 400 | 422;
  constructor(code: 400 | 422, message: string) {
    super(message);
    this.code = code;
  }
}

export function strategicMergePatch(schema: string, document: JsonObject, patch: unknown): PatchResult {
  if (!isObject(patch)) return { ok: false, code: 400, message: "error decoding patch: a strategic merge patch must be an object" };
  try {
    return { ok: true, value: mergeObject({ r: schema }, copyOf(document), patch) };
  } catch (error) {
    if (error instanceof BadPatch) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

const setOrderPrefix = "$setElementOrder/";
const deletePrefix = "$deleteFromPrimitiveList/";

/** Changes and returns `original`. */
function mergeObject(type: Field | undefined, original: JsonObject, patch: JsonObject): JsonObject {
  const directive = getOwn(patch, "$patch");
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") throw new BadPatch(400, `Unknown patch type found: ${String(directive)}`);
  const order = ordersOf(original, patch);
  retainKeys(original, patch);
  for (const key of Object.keys(patch)) {
    if (key.startsWith(deletePrefix)) deleteFromList(original, key.slice(deletePrefix.length), patch[key]);
  }
  for (const key of Object.keys(patch)) if (!isDirective(key)) mergeField(fieldOf(type, key), original, key, patch[key]);
  for (const { key, wanted, before } of order) reorder(fieldOf(type, key), original, { key, wanted, before });
  return original;
}

const isDirective = (key: string): boolean =>
  key === "$patch" || key === "$retainKeys" || key.startsWith(setOrderPrefix) || key.startsWith(deletePrefix);

function mergeField(field: Field | undefined, original: JsonObject, key: string, value: unknown): void {
  if (value === null) {
    delete original[key];
    return;
  }
  const before = getOwn(original, key);
  if (isObject(value) && isObject(before) && !strategiesOf(field).includes("replace")) {
    setOwn(original, key, mergeObject(field, before, value));
  } else if (Array.isArray(value) && Array.isArray(before) && strategiesOf(field).includes("merge")) {
    setOwn(original, key, mergeList(field, before, value));
  } else {
    setOwn(original, key, cleaned(value));
  }
}

const strategiesOf = (field: Field | undefined): string[] => field?.s?.split(",") ?? [];

/** The type of a field of an object or of a map's entries; undefined where the schema knows nothing. */
function fieldOf(type: Field | undefined, key: string): Field | undefined {
  if (type?.r !== undefined) {
    const fields = typeSchema(type.r).f;
    return fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : undefined;
  }
  return type?.m;
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
  if (Array.isArray(before)) setOwn(original, key, before.filter((item) => !items.includes(item)));
}

function mergeList(field: Field | undefined, original: unknown[], patch: unknown[]): unknown[] {
  const isOfObjects = [...original, ...patch].some(isObject);
  if (!isOfObjects) return [...new Set([...original, ...patch])];
  const mergeKey = field?.mk;
  if (mergeKey === undefined) throw new BadPatch(400, "cannot merge lists without a merge key");
  return mergeObjectList(field?.a, mergeKey, original, patch);
}

function mergeObjectList(item: Field | undefined, mergeKey: string, original: unknown[], patch: unknown[]): unknown[] {
  const elements = patch.map((element) => {
    if (!isObject(element)) throw new BadPatch(400, "invalid patch: the list holds values that are no objects");
    return element;
  });
  if (elements.some((element) => getOwn(element, "$patch") === "replace")) {
    return elements.filter((element) => getOwn(element, "$patch") !== "replace" || Object.keys(element).length > 1).map(withoutDirectives);
  }
  let result = [...original];
  for (const element of elements) {
    const key = keyOf(element, mergeKey);
    const at = result.findIndex((one) => isObject(one) && isEqual(getOwn(one, mergeKey), key));
    const found = result[at];
    if (getOwn(element, "$patch") === "delete") result = result.filter((one) => !isObject(one) || !isEqual(getOwn(one, mergeKey), key));
    else if (isObject(found)) result[at] = mergeObject(item, found, element);
    else result.push(cleaned(element));
  }
  return result;
}

function keyOf(element: JsonObject, mergeKey: string): unknown {
  const key = getOwn(element, mergeKey);
  if (key !== undefined) return key;
  throw new BadPatch(422, `map: ${JSON.stringify(element)} does not contain declared merge key: ${mergeKey}`);
}

interface Order {
  key: string;
  wanted: unknown[];
  before: unknown[];
}

/** The orders that a patch asks for, by directive or by naming elements, with each list as it was before the merge. */
function ordersOf(original: JsonObject, patch: JsonObject): Order[] {
  const named = Object.keys(patch).filter((key) => Array.isArray(patch[key]) && !isDirective(key) && !(setOrderPrefix + key in patch));
  const directives = Object.keys(patch).filter((name) => name.startsWith(setOrderPrefix));
  return [...directives, ...named].map((name) => {
    const key = name.startsWith(setOrderPrefix) ? name.slice(setOrderPrefix.length) : name;
    const wanted = patch[name];
    if (!Array.isArray(wanted)) throw new BadPatch(400, "invalid patch format of setElementOrder list");
    const before = getOwn(original, key);
    return { key, wanted, before: Array.isArray(before) ? [...before] : [] };
  });
}

function reorder(field: Field | undefined, original: JsonObject, { key, wanted, before }: Order): void {
  const merged = getOwn(original, key);
  if (!Array.isArray(merged) || !strategiesOf(field).includes("merge")) return;
  const mergeKey = field?.mk;
  const identify = (item: unknown): unknown => (isObject(item) && mergeKey !== undefined ? getOwn(item, mergeKey) : item);
  setOwn(original, key, orderElements({ merged, wanted: wanted.map(identify), before: before.map(identify), identify }));
}

/** What a patch adds where nothing was: without directives and nulls. */
function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !isObject(item) || getOwn(item, "$patch") !== "delete").map(cleaned);
  }
  return isObject(value) ? withoutDirectives(value) : value;
}

function withoutDirectives(object: JsonObject): JsonObject {
  const result: JsonObject = {};
  if (getOwn(object, "$patch") === "delete") return result;
  for (const key of Object.keys(object)) {
    if (!isDirective(key) && object[key] !== null) setOwn(result, key, cleaned(object[key]));
  }
  return result;
}
