/**
 * Middleware: each answer has an id, and a line in the log if the policy (AUDIT_POLICY) wants one. Without a policy
 * nothing is audited, as in a kube-apiserver that was given none.
 *
 * A line is written when the answer is complete. What lasts (watches, logs, streams) has two: when it was asked for,
 * and when the answer began.
 */
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { auditEvent, type Audited, type Outcome } from "../audit/event.ts";
import { auditingOf, everything, parsePolicy, type Auditing, type Policy, type Stage } from "../audit/policy.ts";
import { isPrivileged } from "../auth/user.ts";
import { StatusError } from "../../protocol/status.ts";
import { readBody } from "./body.ts";
import type { HttpEnv } from "./context.ts";
import { attributesOf } from "./attributes.ts";
import { mediaTypes } from "./formats/accept.ts";
import { decodeProtobuf } from "./protobuf/decode.ts";
import { queryOf } from "./query.ts";
import { infoIn } from "./read-request-info.ts";
import { isConnect, type RequestInfo } from "./request-info.ts";
import { parseYaml } from "./yaml.ts";

const longestIdLength = 64;

export const audit = createMiddleware<HttpEnv>(async (c, next) => {
  const auditId = c.req.raw.headers.get("audit-id")?.slice(0, longestIdLength) ?? crypto.randomUUID();
  const text = c.env.AUDIT_POLICY ?? "";
  if (text === "") await next();
  else await audited(c, next, { auditId, policy: policyOf(text) });
  tellId(c, auditId);
});

function tellId(c: Context<HttpEnv>, auditId: string): void {
  if (c.res.status === 101) return;
  try {
    c.res.headers.set("audit-id", auditId);
  } catch {
    // A Durable Object's own answer is another's, and cannot be changed.
    c.res = new Response(c.res.body, c.res);
    c.res.headers.set("audit-id", auditId);
  }
}

let known: { text: string; policy: Policy } | undefined;

/** Read once an isolate. */
function policyOf(text: string): Policy {
  if (known?.text === text) return known.policy;
  known = { text, policy: readPolicy(text) };
  return known.policy;
}

function readPolicy(text: string): Policy {
  try {
    return parsePolicy(text);
  } catch (error) {
    console.error(JSON.stringify({ level: "error", message: "AUDIT_POLICY is no policy: everything is audited at level Metadata", error: String(error) }));
    return everything;
  }
}

interface Given {
  auditId: string;
  policy: Policy;
}

async function audited(c: Context<HttpEnv>, next: () => Promise<void>, { auditId, policy }: Given): Promise<void> {
  const info = infoIn(c.req);
  const receivedAt = Date.now();
  const [attributes = info] = attributesOf(info, queryOf(c.req.url));
  // Who asks is not known yet, and what they send is read only once.
  const mayNeedBody = c.req.raw.body !== null && policy.rules.some(({ level }) => level !== "None");
  const requestBody = mayNeedBody ? requestObjectOf(c.req.raw.clone() as Request) : undefined;
  await next();
  const auditing = auditingOf(policy, callers(c).caller, attributes);
  if (auditing.level === "None") return;
  const about: Audited = { auditId, uri: uriOf(c.req.url), attributes, ...callers(c), ...origin(c.req.raw.headers), receivedAt };
  const outcome = outcomeOf(c);
  if (isLong(info)) {
    write(auditing, "RequestReceived", about, receivedAt);
    write(auditing, "ResponseStarted", about, Date.now(), outcome);
    return;
  }
  const response = auditing.level === "RequestResponse" ? responseObjectOf(c.res) : undefined;
  // Nobody waits for the log.
  c.executionCtx.waitUntil(completed(auditing, about, { outcome, requestBody, response }));
}

interface Parts {
  outcome: Outcome;
  requestBody: Promise<unknown> | undefined;
  response: Promise<unknown> | undefined;
}

async function completed(auditing: Auditing, about: Audited, { outcome, requestBody, response }: Parts): Promise<void> {
  const at = Date.now();
  const [requestObject, responseObject] = await Promise.all([requestBody, response]);
  write(auditing, "ResponseComplete", about, at, {
    ...outcome,
    ...(requestObject === undefined ? {} : { requestObject }),
    ...(responseObject === undefined ? {} : { responseObject }),
  });
}

function write(auditing: Auditing, stage: Stage, audited: Audited, at: number, outcome?: Outcome): void {
  if (!auditing.omitStages.includes(stage)) console.log(JSON.stringify(auditEvent(auditing, stage, audited, at, outcome)));
}

/** Whoever is impersonated is so by a caller. */
function callers(c: Context<HttpEnv>): Pick<Audited, "caller" | "impersonated"> {
  const user = c.get("user");
  const caller = c.get("caller") ?? user;
  return { ...(caller === undefined ? {} : { caller }), ...(user === undefined || user === caller ? {} : { impersonated: user }) };
}

function origin(headers: Headers): Pick<Audited, "sourceIps" | "userAgent"> {
  const forwarded = (headers.get("x-forwarded-for") ?? "").split(",");
  const sourceIps = [...forwarded, headers.get("cf-connecting-ip") ?? ""].map((address) => address.trim()).filter((address) => address !== "");
  return { sourceIps: [...new Set(sourceIps)], userAgent: headers.get("user-agent") ?? "" };
}

function outcomeOf(c: Context<HttpEnv>): Outcome {
  const user = c.get("user");
  const decision = c.get("decision") ?? (user !== undefined && isPrivileged(user) ? { isAllowed: true, reason: "" } : undefined);
  const refusal = c.error instanceof StatusError ? c.error.status : undefined;
  const { status, message, reason } = refusal ?? {};
  return {
    code: c.res.status,
    ...(status === undefined ? {} : { status: { status, ...(message === undefined ? {} : { message }), ...(reason === undefined ? {} : { reason }) } }),
    ...(decision === undefined ? {} : { decision }),
    annotations: c.get("annotations") ?? {},
  };
}

function isLong(info: RequestInfo): boolean {
  return info.isResource && (info.verb === "watch" || info.subresource === "log" || isConnect(info));
}

function uriOf(url: string): string {
  return url.slice(url.indexOf("/", url.indexOf("://") + "://".length));
}

/** Undefined: it is none, or does not parse; the handler says so. */
async function requestObjectOf(request: Request): Promise<unknown> {
  try {
    const { text, type } = await readBody(request);
    return text === "" ? undefined : parsed(text, type);
  } catch {
    return undefined;
  }
}

/** Undefined: it is no object (a page of plain text). */
async function responseObjectOf(response: Response): Promise<unknown> {
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  if (response.status === 101 || response.body === null) return undefined;
  const copy = response.clone();
  try {
    if (type === mediaTypes.protobuf) return decodeProtobuf(new Uint8Array(await copy.arrayBuffer()));
    return type.endsWith("json") || type.endsWith("yaml") ? parsed(await copy.text(), type) : undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string, type: string): unknown {
  return type.endsWith("yaml") ? parseYaml(text).value : JSON.parse(text);
}
