/** Field errors in the words of k8s.io/apimachinery/pkg/util/validation/field. */
import type { FieldError } from "../resource.ts";

/** Strings quoted, everything else as JSON. */
const shown = (value: unknown): string => (value === undefined ? "null" : JSON.stringify(value));

export function required(path: string, detail = ""): FieldError {
  return { reason: "FieldValueRequired", path, message: `Required value${detail === "" ? "" : `: ${detail}`}` };
}

export function invalid(path: string, value: unknown, detail: string): FieldError {
  return { reason: "FieldValueInvalid", path, message: `Invalid value: ${shown(value)}: ${detail}` };
}

export function notSupported(path: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((item) => JSON.stringify(item)).join(", ");
  return { reason: "FieldValueNotSupported", path, message: `Unsupported value: ${shown(value)}: supported values: ${list}` };
}

export function duplicate(path: string, value: unknown): FieldError {
  return { reason: "FieldValueDuplicate", path, message: `Duplicate value: ${shown(value)}` };
}

export function forbidden(path: string, detail: string): FieldError {
  return { reason: "FieldValueForbidden", path, message: `Forbidden: ${detail}` };
}

export function tooLong(path: string, limitBytes: number): FieldError {
  return { reason: "FieldValueTooLong", path, message: `Too long: may not be more than ${limitBytes} bytes` };
}

export function tooMany(path: string, count: number, limit: number): FieldError {
  return { reason: "FieldValueTooMany", path, message: `Too many: ${count}: must have at most ${limit} items` };
}

export function notFound(path: string, value: unknown): FieldError {
  return { reason: "FieldValueNotFound", path, message: `Not found: ${shown(value)}` };
}

/** One invalid value, a message for each rule that it breaks. */
export function invalidFor(path: string, value: unknown, details: string[]): FieldError[] {
  return details.map((detail) => invalid(path, value, detail));
}

/** An error unless the value is one of the supported ones. */
export function oneOf(path: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (value === undefined || value === "") return [required(path)];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

export function nonNegative(path: string, value: number | undefined): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(path, value, "must be greater than or equal to 0")] : [];
}

export function positive(path: string, value: number | undefined): FieldError[] {
  return value !== undefined && value <= 0 ? [invalid(path, value, "must be greater than 0")] : [];
}

/** The second and later uses of a value. */
export function duplicatesAt<T>(items: readonly T[], keyOf: (item: T) => string | undefined, pathOf: (at: number) => string): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap((item, at) => {
    const key = keyOf(item);
    if (key === undefined || key === "") return [];
    if (seen.has(key)) return [duplicate(pathOf(at), key)];
    seen.add(key);
    return [];
  });
}
