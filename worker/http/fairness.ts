/**
 * Middleware: API priority and fairness. Each request takes a seat of its priority level, or waits for one, so that a
 * flood of one client's fills its own seats and queue and nobody else's. The seats are those of this isolate.
 */
import { createMiddleware } from "hono/factory";
import type { FlowSchema, PriorityLevelConfiguration } from "../../protocol/kubernetes/generated/types.ts";
import { StatusError } from "../../protocol/status.ts";
import { classify, configurationOf, type Classification } from "../fairness/classify.ts";
import { Gate, type Ticket } from "../fairness/gate.ts";
import { seatsPerIsolate } from "../fairness/levels.ts";
import { suggestedLevels, suggestedSchemas } from "../fairness/suggested.ts";
import { settingsCache } from "../settings/settings-cache.ts";
import { derived } from "../settings/settings.ts";
import type { HttpEnv } from "./context.ts";
import { errorResponse } from "./errors.ts";
import { flowMetrics } from "./metrics/flow-metrics.ts";
import type { RequestInfo } from "./request-info.ts";

const schemas = "flowschemas.flowcontrol.apiserver.k8s.io";
const levels = "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io";
/** Longer than this nobody waits for a seat. */
const waitMs = 15_000;
const firstPauseMs = 5;
const longestPauseMs = 40;

const gate = new Gate(seatsPerIsolate);

/** Until a cluster has stored its own, the suggested objects are in force. */
const configuration = derived([schemas, levels], (settings) => {
  const stored = settings.list<FlowSchema>(schemas);
  const storedLevels = settings.list<PriorityLevelConfiguration>(levels);
  const made = configurationOf(stored.length === 0 ? suggestedSchemas : stored, storedLevels.length === 0 ? suggestedLevels : storedLevels);
  gate.configure(made.levels.values());
  return made;
});

export const fairness = createMiddleware<HttpEnv>(async (c, next) => {
  const request = c.get("info");
  if (isStream(request)) return await next();
  const found = classify(configuration(settingsCache.latest()), { user: c.get("user"), request });
  if (found === undefined) return await next();
  const { level } = found;
  flowMetrics.dispatched(found);
  if (level.isExempt) {
    await next();
  } else {
    const ticket = await seat(found, c.req.raw.signal);
    if (ticket instanceof StatusError) return named(errorResponse(ticket, c.req.raw), found);
    try {
      await next();
    } finally {
      gate.leave(ticket);
    }
  }
  const own = named(c.res, found);
  if (own !== c.res) c.res = own;
});

/** Waits for a seat; no longer than is bearable. A refusal is a value: its answer, too, names schema and level. */
async function seat(found: Classification, signal: AbortSignal): Promise<Ticket | StatusError> {
  const { level, flow } = found;
  const ticket = gate.enter(level, flow, Date.now());
  if (ticket === undefined) return refusal(found, level.queuing === undefined ? "concurrency-limit" : "queue-full");
  // A client that goes takes the rest of this request with it.
  signal.addEventListener("abort", () => gate.leave(ticket));
  const until = Date.now() + waitMs;
  for (let pauseMs = firstPauseMs; !gate.ask(ticket, Date.now()); pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    if (Date.now() > until) {
      gate.leave(ticket);
      return refusal(found, "time-out");
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return ticket;
}

function refusal(found: Classification, reason: string): StatusError {
  flowMetrics.rejected(found, reason);
  return StatusError.tooManyRequests("Too many requests, please try again later.", 1);
}

/**
 * The answer with the uids of what is stored, by which clients and tests find the objects. What a Durable Object
 * answered cannot be changed and is copied; of a WebSocket there is no copy, and nobody looks at its headers.
 */
function named(response: Response, { schema, level }: Classification): Response {
  if (response.status === 101 || (schema.uid === "" && level.uid === "")) return response;
  try {
    return withUids(response, schema.uid, level.uid);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return withUids(new Response(response.body, response), schema.uid, level.uid);
  }
}

function withUids(response: Response, schema: string, level: string): Response {
  if (schema !== "") response.headers.set("x-kubernetes-pf-flowschema-uid", schema);
  if (level !== "") response.headers.set("x-kubernetes-pf-prioritylevel-uid", level);
  return response;
}

const streams = ["log", "exec", "attach", "portforward", "proxy"];

/** They last as long as somebody listens, and cost nothing here; a watch leaves its seat when it has begun. */
function isStream(request: RequestInfo): boolean {
  return request.isResource && streams.includes(request.subresource);
}

export function seatCounts(): ReturnType<Gate["counts"]> {
  return gate.counts();
}
