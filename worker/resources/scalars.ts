/** Decoding of scalar fields as Go's types do it; canonical forms as kube-apiserver stores them. */
import { canonicalQuantity, isQuantity, quantityError } from "../../protocol/quantity.ts";
import { jsonKindOf } from "./go-types.ts";
import type { Scalar } from "./schema.ts";

/** Either the value to store, or what is wrong: a type that Go's decoder names, or a text of its own. */
export type Decoded = { value: unknown } | { mismatch: string } | { message: string };

export function decodeScalar(scalar: Scalar, value: unknown): Decoded {
  switch (scalar) {
    case "any":
      return { value };
    case "string":
      return typeof value === "string" ? { value } : { mismatch: jsonKindOf(value) };
    case "bool":
      return typeof value === "boolean" ? { value } : { mismatch: jsonKindOf(value) };
    case "int32":
      return decodeInteger(value, 2 ** 31);
    case "int64":
      return decodeInteger(value, 2 ** 63);
    case "number":
      return typeof value === "number" ? { value } : { mismatch: jsonKindOf(value) };
    case "quantity":
      return decodeQuantity(value);
    case "int-or-string":
      return decodeIntOrString(value);
    case "bytes":
      return decodeBytes(value);
    case "time":
      return decodeTime(value, "seconds");
    case "micro-time":
      return decodeTime(value, "microseconds");
  }
}

function decodeInteger(value: unknown, limit: number): Decoded {
  if (typeof value !== "number") return { mismatch: jsonKindOf(value) };
  const isFitting = Number.isInteger(value) && value >= -limit && value < limit;
  return isFitting ? { value } : { mismatch: `number ${value}` };
}

function decodeQuantity(value: unknown): Decoded {
  if (typeof value !== "string" && typeof value !== "number") return { message: quantityError };
  if (isQuantity(value)) return { value: canonicalQuantity(value) };
  const isShaped = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/.test(String(value));
  return { message: isShaped ? "unable to parse quantity's suffix" : quantityError };
}

function decodeIntOrString(value: unknown): Decoded {
  if (typeof value === "string") return { value };
  const number = decodeInteger(value, 2 ** 31);
  if (!("mismatch" in number)) return number;
  return { message: `json: cannot unmarshal ${number.mismatch} into Go value of type int32` };
}

/** Standard base64 with padding; the position is that of the first bad byte. */
function decodeBytes(value: unknown): Decoded {
  if (typeof value !== "string") return { mismatch: jsonKindOf(value) };
  const text = value.replace(/[\r\n]/g, "");
  const bad = text.search(/[^A-Za-z0-9+/=]|=(?!=?$)/);
  if (bad !== -1) return { message: `illegal base64 data at input byte ${bad}` };
  if (text.length % 4 !== 0) return { message: `illegal base64 data at input byte ${text.length - (text.length % 4)}` };
  return { value: text };
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function decodeTime(value: unknown, precision: "seconds" | "microseconds"): Decoded {
  if (typeof value !== "string") return { message: `json: cannot unmarshal ${jsonKindOf(value)} into Go value of type string` };
  const match = rfc3339.exec(value);
  const milliseconds = match === null ? Number.NaN : Date.parse(value);
  if (match === null || Number.isNaN(milliseconds)) return { message: timeError(value, precision) };
  const utc = new Date(milliseconds).toISOString().slice(0, 19);
  if (precision === "seconds") return { value: `${utc}Z` };
  return { value: `${utc}.${(match[7] ?? ".").slice(1).padEnd(6, "0").slice(0, 6)}Z` };
}

function timeError(value: string, precision: "seconds" | "microseconds"): string {
  const layout = precision === "seconds" ? "2006-01-02T15:04:05Z07:00" : "2006-01-02T15:04:05.000000Z07:00";
  return `parsing time "${value}" as "${layout}": cannot parse "${value}" as "2006"`;
}
