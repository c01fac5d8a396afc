/** `x-kubernetes-list-type`: a set has no item twice, a map no key. */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import type { FieldError } from "../resource.ts";
import { duplicate } from "../rules/field-errors.ts";
import type { JsonSchema } from "./json-schema.ts";

export function listTypeErrors(items: unknown[], schema: JsonSchema, path: string): FieldError[] {
  const isMap = schema["x-kubernetes-list-type"] === "map";
  if (!isMap && schema["x-kubernetes-list-type"] !== "set") return [];
  const seen = new Set<string>();
  return items.flatMap((item, at) => {
    const key = isMap ? keyOfItem(item, schema) : textOf(item);
    if (key === undefined || !seen.has(key)) {
      if (key !== undefined) seen.add(key);
      return [];
    }
    return [duplicate(`${path}[${at}]`, isMap ? JSON.parse(key) : item)];
  });
}

/** The values of an item's keys, as JSON; undefined: it is no object. */
export function keyOfItem(item: unknown, { items, "x-kubernetes-list-map-keys": keys = [] }: JsonSchema): string | undefined {
  if (!isRecord(item)) return undefined;
  return JSON.stringify(Object.fromEntries(keys.toSorted().map((key) => [key, item[key] ?? items?.properties?.[key]?.default])));
}

/** Equal values have equal texts: keys in order. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  return `{${Object.keys(value).toSorted().map((key) => `${JSON.stringify(key)}:${textOf(value[key])}`).join(",")}}`;
}
