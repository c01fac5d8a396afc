/** JSON as values of CEL and back. */
import type { CelType, CelValue } from "./cel.ts";
import { nanosecondsOf } from "./go-duration.ts";
import { Duration } from "./library/times.ts";

/**
 * Numbers are ints where they are whole (JSON does not tell 1 from 1.0), unless the type says double. Fields of a typed
 * object must be named as the type names them: whoever makes the type has the escaped names.
 */
export function celValue(json: unknown, type: CelType = "dyn"): CelValue {
  if (typeof json === "number") return type !== "double" && Number.isSafeInteger(json) ? BigInt(json) : json;
  if (typeof json === "string") return stringValue(json, type);
  if (typeof json !== "object" || json === null) return json ?? null;
  if (Array.isArray(json)) {
    const item = typeof type === "object" && "list" in type ? type.list : "dyn";
    return json.map((one) => celValue(one, item));
  }
  return objectValue(json, type);
}

function objectValue(json: object, type: CelType): CelValue {
  const result: Record<string, CelValue> = {};
  for (const [name, value] of Object.entries(json)) {
    if (value !== undefined && name !== "__proto__") result[name] = celValue(value, memberType(type, name));
  }
  return result;
}

function memberType(type: CelType, name: string): CelType {
  if (typeof type !== "object") return "dyn";
  if ("map" in type) return type.map;
  return "object" in type && Object.hasOwn(type.object, name) ? (type.object[name] ?? "dyn") : "dyn";
}

function stringValue(text: string, type: CelType): CelValue {
  switch (type) {
    case "timestamp":
      return new Date(text.length === 10 ? `${text}T00:00:00Z` : text);
    case "duration":
      return durationOf(text) ?? text;
    case "bytes":
      return bytesOf(text);
    default:
      return text;
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function durationOf(text: string): Duration | undefined {
  const nanoseconds = nanosecondsOf(text);
  return nanoseconds === undefined ? undefined : new Duration(nanoseconds / 1_000_000_000n, Number(nanoseconds % 1_000_000_000n));
}

/** What an expression made, as JSON; undefined for what has no such form (a type, an address). */
export function jsonOf(value: CelValue): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value instanceof Date) return value.toISOString().replace(/\.000Z$/, "Z");
  if (value instanceof Duration) return String(value);
  if (value instanceof Uint8Array) return btoa(String.fromCharCode(...value));
  const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : isPlain(value) ? Object.entries(value) : undefined;
  return entries === undefined ? undefined : Object.fromEntries(entries.map(([name, one]) => [String(name), jsonOf(one)]));
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
