/** How apimachinery's converter of unstructured content refuses a value, and how Go prints one (`%v`). */
import type { Mismatch } from "./decode.ts";

/** Integers, floats, booleans and strings are not converted into each other; where Go itself would, the refusal differs. */
export function conversionError({ value, type }: Mismatch): string {
  const from = goKindOf(value);
  if (type.startsWith("[]")) return `cannot restore slice from ${from}`;
  if (type.startsWith("map[") || type === "v1.ResourceList") return `cannot restore map from ${from}`;
  if (type.includes(".")) return `cannot restore struct from: ${from}`;
  const isConvertible = from === "int64" || (from === "float64" && type !== "string");
  return isConvertible && type !== "bool" ? `cannot convert ${from} to ${type}` : `unrecognized type: ${type}`;
}

function goKindOf(value: unknown): string {
  if (Array.isArray(value)) return "slice";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map";
}

/** `map[spec:map[replicas:3 template:<nil>]]`, keys sorted. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value !== "object") return String(value as string | number | boolean);
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(" ")}]`;
}
