/** The items of sets and of lists that are known by keys, by their path element. */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { keyElement, valueElement } from "./path-element.ts";
import type { ListShape, SetShape } from "./shape.ts";

export type ItemsShape = SetShape | ListShape;

/** Undefined: the item cannot be told from others (./check.ts refuses such items in what is applied). */
export function elementOf(shape: ItemsShape, item: unknown): string | undefined {
  if (shape.kind === "set") return typeof item === "object" ? undefined : valueElement(item);
  if (!isRecord(item)) return undefined;
  const keys: [string, unknown][] = [];
  for (const name of shape.keys) {
    const value = item[name] ?? shape.defaults[name];
    if (value !== undefined) keys.push([name, value]);
  }
  return keys.length === 0 ? undefined : keyElement(keys);
}

/** Items by element, in the list's order. Stored lists may hold duplicates: all of them stand under their element. */
export function itemsByElement(shape: ItemsShape, list: readonly unknown[]): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = elementOf(shape, item);
    if (element === undefined) continue;
    const same = items.get(element);
    if (same === undefined) items.set(element, [item]);
    else same.push(item);
  }
  return items;
}
