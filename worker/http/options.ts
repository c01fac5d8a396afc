/** Query parameters that many verbs share, checked in upstream's words. */
import { StatusError, type StatusCause } from "../../protocol/status.ts";
import type { FieldValidation } from "./body.ts";
import { fieldManagerCauses } from "./field-manager.ts";

export interface WriteOptions {
  isDryRun: boolean;
  fieldValidation: FieldValidation;
}

const validations = ["Ignore", "Strict", "Warn"];

/**
 * `kind` is that of the options, for the message: `CreateOptions`, `UpdateOptions`, `PatchOptions`; `more` is what
 * else is wrong with them.
 */
export function writeOptionsOf(query: URLSearchParams, kind: string, more: StatusCause[] = []): WriteOptions {
  const fieldValidation = query.get("fieldValidation") || "Warn";
  const causes = [...more, ...fieldManagerCauses(query.get("fieldManager") ?? ""), ...dryRunCauses(query.getAll("dryRun"))];
  if (!isFieldValidation(fieldValidation)) {
    causes.push(unsupported("fieldValidation", fieldValidation, ["", ...validations]));
  } else if (causes.length === 0) {
    return { isDryRun: isDryRun(query), fieldValidation };
  }
  throw invalidOptions(kind, causes);
}

export function isDryRun(query: URLSearchParams): boolean {
  return query.get("dryRun") === "All";
}

export function dryRunCauses(values: string[]): StatusCause[] {
  return values.filter((value) => value !== "All" && value !== "").map((value) => unsupported("dryRun", value, ["All"]));
}

export function invalidOptions(kind: string, causes: StatusCause[]): StatusError {
  return StatusError.invalid({ group: "meta.k8s.io", kind, name: "" }, causes);
}

function unsupported(field: string, value: string, supported: string[]): StatusCause {
  const known = supported.map((one) => JSON.stringify(one)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${known}`;
  return { reason: "FieldValueNotSupported", message, field };
}

function isFieldValidation(value: string): value is FieldValidation {
  return validations.includes(value);
}

/** A whole number; absent or empty: undefined. One below zero means none, as upstream. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^-?\d{1,15}$/.test(text)) {
    throw StatusError.badRequest(`invalid query parameter ${name}: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Math.max(0, Number(text));
}

export function isTrue(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text !== "0" && text.toLowerCase() !== "false";
}
