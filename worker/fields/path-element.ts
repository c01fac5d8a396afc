/**
 * The steps of a field path, as `fieldsV1` writes them: `f:name` a field or a map's key, `k:{"name":"web"}` the item of a
 * list by its keys, `v:"x"` an item of a set, `i:0` a place in a list.
 */
import { isRecord } from "../../protocol/kubernetes/equal.ts";

export const fieldElement = (name: string): string => `f:${name}`;

export const valueElement = (value: unknown): string => `v:${JSON.stringify(value)}`;

/** `keys` sorted by name. */
export function keyElement(keys: readonly (readonly [name: string, value: unknown])[]): string {
  return `k:{${keys.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

/** The one form that all who mean the same item write; undefined for what is no path element. */
export function canonicalElement(element: string): string | undefined {
  const rest = element.slice(2);
  switch (element.slice(0, 2)) {
    case "f:":
      return element;
    case "k:": {
      const keys = parsed(rest);
      return isRecord(keys) ? keyElement(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))) : undefined;
    }
    case "v:": {
      const value = parsed(rest);
      return value === undefined ? undefined : valueElement(value);
    }
    case "i:":
      return /^-?\d{1,9}$/.test(rest) ? element : undefined;
    default:
      return undefined;
  }
}

/** `.spec.containers[name="web"].image`, as upstream prints a path. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join("");
}

export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${rest}`;
    case "k":
      return `[${Object.entries(parsed(rest) ?? {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
    case "v":
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

const kinds = "fkvi";

/** Upstream's order: fields, keys, values, indices, each by its text. */
export function comparePaths(left: readonly string[], right: readonly string[]): number {
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const order = compareElements(left[at] ?? "", right[at] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareElements(left: string, right: string): number {
  const order = kinds.indexOf(left[0] ?? "") - kinds.indexOf(right[0] ?? "");
  if (order !== 0) return order;
  return left === right ? 0 : left < right ? -1 : 1;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
