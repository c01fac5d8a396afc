/** `resourceVersion` and `resourceVersionMatch` of lists and watches, as the API concepts page has them. */
import { StatusError, type StatusCause } from "../../protocol/status.ts";
import { invalidOptions } from "./options.ts";

/** Refuses combinations that mean nothing. */
export function checkListVersions(query: URLSearchParams): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const version = query.get("resourceVersion") ?? "";
  const causes: StatusCause[] = [];
  const forbidden = (why: string) => causes.push(cause("FieldValueForbidden", `Forbidden: ${why}`));
  if (match !== "") {
    if (version === "") forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (query.get("continue")) forbidden("resourceVersionMatch is forbidden when continue is provided");
    if (match !== "Exact" && match !== "NotOlderThan") {
      const message = `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`;
      causes.push(cause("FieldValueNotSupported", message));
    } else if (match === "Exact" && version === "0") {
      forbidden('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
    }
  }
  if (isTruthy(query.get("sendInitialEvents"))) forbidden("sendInitialEvents is forbidden for list");
  if (causes.length > 0) throw invalidOptions("ListOptions", causes);
  if (query.get("continue") && version !== "" && version !== "0") {
    throw StatusError.badRequest("specifying resource version is not allowed when using continue");
  }
}

/** The revision that a list must be of: only `Exact` asks for one; else the newest will do. */
export function listRevision(query: URLSearchParams): number | undefined {
  const version = revisionOf(query);
  return query.get("resourceVersionMatch") === "Exact" ? version : undefined;
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
  const sends = query.get("sendInitialEvents");
  const causes: StatusCause[] = [];
  if (sends !== null && match === "") {
    const why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    causes.push({ ...cause("FieldValueForbidden", `Forbidden: ${why}`), field: "resourceVersionMatch" });
  } else if (sends === null && match !== "") {
    causes.push(cause("FieldValueForbidden", "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  } else if (match !== "" && match !== "NotOlderThan") {
    causes.push(cause("FieldValueNotSupported", `Unsupported value: ${JSON.stringify(match)}: supported values: "NotOlderThan"`));
  }
  if (causes.length > 0) throw invalidOptions("ListOptions", causes);
}

function cause(reason: string, message: string): StatusCause {
  return { reason, message, field: "resourceVersionMatch" };
}

function isTruthy(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0";
}
