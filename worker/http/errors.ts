/** The funnel: whatever went wrong becomes one Kubernetes `Status`. */
import type { ErrorHandler, NotFoundHandler } from "hono";
import { StatusError, type Status } from "../../protocol/status.ts";
import { outcomes } from "../storage/ports.ts";
import type { HttpEnv } from "./context.ts";
import { encodingOf, mediaTypes } from "./formats/accept.ts";
import { encoded } from "./formats/answer.ts";

/** In the client's own encoding, if it has one that fits; a refusal to answer otherwise would hide the reason. */
export function statusResponse(status: Status, request?: Request): Response {
  const encoding = (request && encodingOf(request)) ?? "json";
  const headers = new Headers({ "content-type": mediaTypes[encoding], "cache-control": "no-cache, private" });
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined && retryAfter > 0) headers.set("retry-after", String(retryAfter));
  if (status.code === 401) headers.set("www-authenticate", "Bearer");
  return new Response(encoded(status, encoding), { status: status.code ?? 500, headers });
}

export function errorResponse(error: unknown, request?: Request): Response {
  return statusResponse(statusOf(error), request);
}

function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  // Everything here that calls itself walks down what a client sent.
  if (error instanceof RangeError && error.message.startsWith("Maximum call stack")) return StatusError.badRequest("json: exceeded max depth").status;
  return statusOfUnforeseen(error);
}

/** An error that nobody foresaw is logged under an id of the request; the client learns the id and no more. */
function statusOfUnforeseen(error: unknown): Status {
  const requestId = crypto.randomUUID();
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ level: "error", message: "request failed", requestId, error: shown }));
  if (isOverloaded(error)) return StatusError.tooManyRequests("the store is busy or restarting, please try again", 1).status;
  const message = error instanceof Error ? error.message : "";
  // As upstream when etcd answers too late, and when it is not there.
  if (message.includes(outcomes.late)) return StatusError.timeout(`a part of the control plane ${outcomes.late}`, 0).status;
  if (message.includes(outcomes.unknown)) return StatusError.timeout(outcomes.unknown, 0).status;
  if (message.includes(outcomes.notWritten) || message.includes(outcomes.unreachable)) return StatusError.serviceUnavailable(outcomes.unreachable).status;
  return StatusError.internal(`request ${requestId} failed, see the log`).status;
}

export const onError: ErrorHandler<HttpEnv> = (error, c) => errorResponse(error, c.req.raw);

/** As upstream: plain text, from which clients make `the server could not find the requested resource`. */
export const notFound: NotFoundHandler<HttpEnv> = () => pathNotFound();

export function pathNotFound(): Response {
  return new Response("404 page not found\n", {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

/** Durable Objects mark errors that a later try may not meet. */
function isOverloaded(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return ("overloaded" in error && error.overloaded === true) || ("retryable" in error && error.retryable === true);
}
