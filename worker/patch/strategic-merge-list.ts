/** Lists in a strategic merge patch: by their items' merge key, or as sets of scalars. */
import { orderElements } from "./element-order.ts";
import { getOwn, isObject } from "./json.ts";
import type { JsonObject } from "./patch.ts";
import { added, BadPatch, patchDirectiveOf } from "./strategic-directives.ts";

export interface ListMerge {
  original: unknown[];
  /** Absent: the patch only orders. */
  patch: unknown[] | undefined;
  /** `$setElementOrder`: names items by their merge key, or scalars. */
  order: unknown[] | undefined;
  mergeKey: string | undefined;
  mergeItem(original: JsonObject, patch: JsonObject): JsonObject;
}

export function mergeList(merge: ListMerge): unknown[] {
  const { original, patch, order, mergeKey } = merge;
  const identify = identity(mergeKey);
  const wanted = (order ?? patch?.filter((item) => !hasDirective(item)) ?? []).map(identify);
  if (patch === undefined) return orderElements({ merged: original, wanted, before: original.map(identify), identify });
  if (order !== undefined) checkOrder(patch, order, mergeKey);
  const { kept, merged } = isListOfObjects([...original, ...patch]) ? mergeItems(merge, patch) : mergeScalars(original, patch);
  // Upstream's own tests hold that, in a list with an order, as many new items as others were deleted take their room.
  const room = order === undefined ? kept.length : original.length;
  return orderElements({ merged, wanted, before: merged.slice(0, room).map(identify), identify });
}

/** What tells an item from others: its merge key, or the item itself in lists of scalars. */
function identity(mergeKey: string | undefined): (item: unknown) => unknown {
  return (item) => scalar(mergeKey !== undefined && isObject(item) ? getOwn(item, mergeKey) : item);
}

/** Keys are looked up in maps: what is no scalar is told apart by its text. */
function scalar(key: unknown): unknown {
  return typeof key === "object" && key !== null ? JSON.stringify(key) : key;
}

const hasDirective = (item: unknown): boolean => isObject(item) && getOwn(item, "$patch") !== undefined;

/** False: a list of scalars. One list holds one sort of things. */
function isListOfObjects(items: unknown[]): boolean {
  if (items.some((item) => Array.isArray(item))) throw new BadPatch(422, "lists of lists are not supported");
  const kinds = new Set(items.map((item) => (isObject(item) ? "object" : typeof item)));
  if (kinds.size > 1) throw new BadPatch(422, `list element types are not identical: ${JSON.stringify(items)}`);
  return kinds.has("object");
}

interface Merged {
  /** What the patch left of the original list, in its order. */
  kept: unknown[];
  merged: unknown[];
}

function mergeScalars(original: unknown[], patch: unknown[]): Merged {
  return { kept: original, merged: [...new Set([...original, ...patch])] };
}

function mergeItems({ original, mergeKey, mergeItem }: ListMerge, patch: unknown[]): Merged {
  if (mergeKey === undefined) throw new BadPatch(422, "cannot merge lists without merge key");
  // All are objects: looked at by the caller.
  const items = patch.filter(isObject);
  const plain = items.filter((item) => !hasDirective(item));
  if (items.some((item) => patchDirectiveOf(item) === "merge")) throw new BadPatch(422, "merging lists cannot yet be specified in the patch");
  const deleted = new Set(items.filter((item) => patchDirectiveOf(item) === "delete").map((item) => keyOf(item, mergeKey)));
  if (items.some((item) => patchDirectiveOf(item) === "replace")) return { kept: [], merged: plain.map(added) };
  const identify = identity(mergeKey);
  const kept = original.filter((one) => !deleted.has(identify(one)));
  const merged = [...kept];
  const places = new Map(kept.map((one, at) => [identify(one), at] as const).reverse());
  for (const item of plain) {
    const key = keyOf(item, mergeKey);
    const at = places.get(key);
    const found = at === undefined ? undefined : merged[at];
    if (at !== undefined && isObject(found)) merged[at] = mergeItem(found, item);
    else places.set(key, merged.push(added(item)) - 1);
  }
  return { kept, merged };
}

function keyOf(item: JsonObject, mergeKey: string): unknown {
  const key = getOwn(item, mergeKey);
  if (key !== undefined) return scalar(key);
  throw new BadPatch(422, `map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
}

/** What a patch list holds must come in the order that it asks for; the order may name more. */
function checkOrder(patch: unknown[], order: unknown[], mergeKey: string | undefined): void {
  const identify = identity(mergeKey);
  const items = patch.filter((item) => !hasDirective(item)).map(identify);
  if (items.length === 0 || order.length === 0) return;
  let matched = 0;
  for (const wanted of order) if (matched < items.length && identify(wanted) === items[matched]) matched += 1;
  if (matched === items.length) return;
  throw new BadPatch(422, `The order in patch list:\n${JSON.stringify(patch)}\n doesn't match $setElementOrder list:\n${JSON.stringify(order)}\n`);
}
