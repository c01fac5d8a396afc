/** Rules of what ConfigMaps and Secrets hold. */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import { forbidden, invalid, invalidFor, tooLong } from "./field-errors.ts";
import { configKeyErrors } from "./names.ts";
import type { FieldError } from "../resource.ts";

/** Of all values together. */
export const dataLimitBytes = 1024 * 1024;

export function keysErrors(field: string, data: Record<string, string> | undefined): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) => invalidFor(`${field}[${key}]`, key, configKeyErrors(key)));
}

/** `encoded` maps hold base64, three bytes in four characters. */
export function sizeErrors(path: string, plain: Record<string, string> | undefined, encoded: Record<string, string> | undefined): FieldError[] {
  let bytes = 0;
  for (const [key, value] of Object.entries(plain ?? {})) bytes += key.length + utf8Length(value);
  for (const [key, value] of Object.entries(encoded ?? {})) bytes += key.length + decodedLength(value);
  return bytes > dataLimitBytes ? [tooLong(path, dataLimitBytes)] : [];
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

const decodedLength = (base64: string): number => (base64.length / 4) * 3 - (/=*$/.exec(base64)?.[0].length ?? 0);

type WithData = { immutable?: boolean; data?: Record<string, string>; binaryData?: Record<string, string> };

export function immutableErrors(next: WithData, previous: WithData, fields: ("data" | "binaryData")[]): FieldError[] {
  if (previous.immutable !== true) return [];
  const detail = "field is immutable when `immutable` is set";
  const errors = next.immutable === true ? [] : [forbidden("immutable", detail)];
  return [...errors, ...fields.filter((field) => !isEqual(next[field], previous[field])).map((field) => forbidden(field, detail))];
}

export function immutableField(path: string, next: unknown, previous: unknown): FieldError[] {
  return isEqual(next, previous) ? [] : [invalid(path, next, "field is immutable")];
}
