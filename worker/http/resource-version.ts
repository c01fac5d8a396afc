/** `resourceVersion` and `resourceVersionMatch` of lists and watches, as the API concepts page has them. */
import { StatusError, type StatusCause } from "../../protocol/status.ts";
import { invalidOptions } from "./options.ts";

/** Refuses combinations that mean nothing. */
export function checkListVersions(query: URLSearchParams): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const version = query.get("resourceVersion") ?? "";
  const causes: StatusCause[] = [];
  if (match !== "") {
    if (version === "") causes.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    if (query.get("continue")) causes.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
    if (match !== "Exact" && match !== "NotOlderThan") causes.push(unsupportedMatch(match, '"Exact", "NotOlderThan", ""'));
    if (match === "Exact" && version === "0") {
      causes.push(forbidden("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (query.has("sendInitialEvents")) causes.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  if (causes.length > 0) throw invalidOptions("ListOptions", causes);
  if (query.get("continue") && version !== "" && version !== "0") {
    throw StatusError.badRequest("specifying resource version is not allowed when using continue");
  }
}

/**
 * The revision that a list must be of: the one that `Exact` asks for, and (as ever) the one that the first page of many
 * asks for; else the newest will do.
 */
export function listRevision(query: URLSearchParams, limit: number): number | undefined {
  const version = revisionOf(query);
  const match = query.get("resourceVersionMatch") ?? "";
  const isExact = match === "Exact" || (match === "" && limit !== Infinity && version !== 0);
  return isExact ? version : undefined;
}

/** `resourceVersion` as a number; absent or empty: undefined. */
export function revisionOf(query: URLSearchParams): number | undefined {
  const text = query.get("resourceVersion") ?? "";
  if (text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw StatusError.badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`);
}

/** Refuses a state that was not reached yet, after a client was restored from elsewhere. */
export function rejectFuture(asked: number, current: number): void {
  if (asked <= current) return;
  const error = StatusError.timeout(`Too large resource version: ${asked}, current: ${current}`, 1);
  const message = "Too large resource version";
  error.status.details = { ...error.status.details, causes: [{ reason: "ResourceVersionTooLarge", message }] };
  throw error;
}

/** A watch may ask for the present state first, ended by a bookmark. */
export function checkWatchVersions(query: URLSearchParams): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const causes: StatusCause[] = [];
  if (query.has("sendInitialEvents")) {
    if (match !== "NotOlderThan") causes.push(forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  } else if (match !== "") {
    causes.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  }
  if (match !== "") {
    if (match !== "NotOlderThan") causes.push(unsupportedMatch(match, '"NotOlderThan"'));
    if (query.get("continue")) causes.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
  }
  if (causes.length > 0) throw invalidOptions("ListOptions", causes);
}

function forbidden(field: string, why: string): StatusCause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${why}`, field };
}

function unsupportedMatch(match: string, supported: string): StatusCause {
  const message = `Unsupported value: ${JSON.stringify(match)}: supported values: ${supported}`;
  return { reason: "FieldValueNotSupported", message, field: "resourceVersionMatch" };
}
