/** The opaque token that a list is continued with: where, and as of which revision. */
import { StatusError } from "../../../protocol/status.ts";

export interface Continuation {
  /** -1: the list is no longer of one moment (its revision was compacted away). */
  revision: number;
  after: string;
}

const version = "meta.k8s.io/v1";

export function continueToken({ revision, after }: Continuation): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ v: version, rv: revision, start: after }));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function continuationOf(token: string): Continuation {
  const value = parse(token);
  const isValid = typeof value === "object" && value !== null && "rv" in value && "start" in value && "v" in value;
  if (!isValid || value.v !== version || typeof value.rv !== "number" || typeof value.start !== "string") throw invalid();
  return { revision: value.rv, after: value.start };
}

function parse(token: string): unknown {
  try {
    const binary = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
  } catch {
    throw invalid();
  }
}

function invalid(): StatusError {
  return StatusError.badRequest("continue key is not valid: encoding is not a continue token of this server");
}

/** 410 with a token that goes on anyway, from what is there now. */
export function expiredContinuation(after: string): StatusError {
  const error = StatusError.expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
      "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
      "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
      "deleted between the time the first chunk was returned and now may show up in the list.",
  );
  error.status.metadata = { continue: continueToken({ revision: -1, after }) };
  return error;
}
