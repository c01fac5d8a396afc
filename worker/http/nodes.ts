/**
 * kedge's own routes, below `/kedge/v1`: how hosts join, and what their agents poll and report. `join` is asked with
 * a join token instead of an identity, and a poll's token is verified by the hub: both are mounted before
 * authentication, all others after it.
 */
import { Hono } from "hono";
import type {
  CertificateResponse, JoinRequest, JoinTokenRequest, PollRequest, StatusReport,
} from "../../protocol/agent.ts";
import type { Event, NodeStatus, PodStatus } from "../../protocol/kubernetes/generated/types.ts";
import { StatusError } from "../../protocol/status.ts";
import type { Env } from "../env.ts";
import { signServer } from "../identity/certificates/authority.ts";
import type { ServerNames } from "../identity/certificates/certificate.ts";
import { openHubLink } from "../nodes/hub-link.ts";
import { createJoinToken, join, revokeAgent, type JoinPorts } from "../nodes/join.ts";
import { poll } from "../nodes/poll.ts";
import { applyReport } from "../nodes/status-report.ts";
import { hubOf, planner, storeOf } from "../objects/ports.ts";
import { requestContext } from "../registry/context.ts";
import { dnsAddress, kubernetesAddress } from "../registry/service-range.ts";
import { decode } from "../resources/decode.ts";
import type { RequestContext } from "../resources/resource.ts";
import { readBody } from "./body.ts";
import type { HttpEnv } from "./context.ts";
import { withDeadline } from "../objects/deadline.ts";
import { outcomes } from "../storage/ports.ts";
import { settingsCache } from "../settings/settings-cache.ts";

const sessionMs = 20_000;

/** `POST /nodes/{node}/poll`: the hub, which every poll asks anyway, verifies the agent's token. */
export const pollRoutes = new Hono<HttpEnv>().post("/nodes/:node/poll", async (c) => {
  const token = bearerOf(c.req.raw);
  if (token === "") throw StatusError.unauthorized();
  const { signal } = c.req.raw;
  const hub = hubOf(c.env);
  const text = await poll(c.req.param("node"), pollRequestOf(await bodyOf(c.req.raw)), {
    store: storeOf(c.env),
    openLink: (node, session) => openHubLink({ hub, node, session, token, signal }),
    now: () => Date.now(),
  });
  return c.body(text, 200, { "Content-Type": "application/json" });
});

/** `POST /join`, asked with `Authorization: Bearer <join token>`. */
export const joinRoutes = new Hono<HttpEnv>().post("/join", async (c) => {
  const token = bearerOf(c.req.raw);
  const body = await bodyOf(c.req.raw);
  const request = {
    ...body, labels: recordOf(body["labels"]), status: decoded<NodeStatus>("io.k8s.api.core.v1.NodeStatus", body["status"] ?? {}),
  } as JoinRequest; // names and key are checked by `join`
  return c.json(await join(token, request, joinPorts(c.env, { name: "system:joining", groups: [] })));
});

export const nodeRoutes = new Hono<HttpEnv>()
  .post("/jointokens", async (c) => {
    requireAdmin(c.var.user);
    const request = (await bodyOf(c.req.raw)) as JoinTokenRequest; // checked by createJoinToken
    return c.json(await createJoinToken(request, joinPorts(c.env, c.var.user)), 201);
  })
  .delete("/nodes/:node/agent", async (c) => {
    requireAdmin(c.var.user);
    await revokeAgent(c.req.param("node"), joinPorts(c.env, c.var.user));
    return c.json({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });
  })
  .post("/nodes/:node/status", async (c) => {
    const node = ownNode(c.var.user, c.req.param("node"));
    const report = reportOf(await bodyOf(c.req.raw));
    const heard = await hubOf(c.env).report(node, report.session, report.node !== undefined);
    // Its token was found good a moment ago; the hub knows better.
    if (heard === "unknown") throw StatusError.unauthorized();
    if (heard === "stale") throw StatusError.conflict({ group: "", kind: "nodes", name: node }, "a newer session of its agent is running");
    const context = requestContext(c.env, c.var.user, settingsCache.latest());
    return c.json(await applyReport(node, report, { store: storeOf(c.env), planner, context }));
  })
  .post("/nodes/:node/certificate", async (c) => {
    ownNode(c.var.user, c.req.param("node"));
    const publicKey = bytesOf((await bodyOf(c.req.raw))["publicKey"]);
    const certificate = publicKey && (await signServer(storeOf(c.env), { ...apiNames(c.env), publicKey }, Date.now()));
    if (certificate === undefined) throw StatusError.badRequest("publicKey: must be a key on P-256");
    return c.json({ certificate } satisfies CertificateResponse, 201);
  })
  .get("/sessions/:id", async (c) => {
    const node = nodeOf(c.var.user);
    if (node === undefined) throw StatusError.forbidden({ group: "", kind: "sessions", name: c.req.param("id") }, "only agents dial back");
    if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") throw StatusError.badRequest("Upgrade: websocket is required");
    const session = c.env.SESSION.getByName(c.req.param("id"));
    const dialled = session.fetch(`https://session/agent?node=${encodeURIComponent(node)}`, { headers: { Upgrade: "websocket" } });
    return await withDeadline(dialled, sessionMs, `the session ${outcomes.late}`);
  });

function joinPorts(env: Env, user: RequestContext["user"]): JoinPorts {
  return {
    store: storeOf(env),
    planner,
    context: requestContext(env, user, settingsCache.latest()),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    isConnected: (node) => hubOf(env).isConnected(node),
    lastSession: (node) => hubOf(env).lastSession(node),
    // The store's own wake tells the hub, too: a hub that is away now does not undo what was written.
    agentChanged: (node) => hubOf(env).agentChanged(node).catch((error: unknown) => {
      console.error(`the hub does not know yet that the agent of ${node} changed`, error);
    }),
  };
}

function bearerOf(request: Request): string {
  return /^Bearer (\S+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1] ?? "";
}

/** What pods call the API: kube-apiserver's own names, and the address that its endpoints show. */
function apiNames({ CLUSTER_DOMAIN, SERVICE_CIDR }: Env): ServerNames {
  const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  const dnsNames = [...names, `kubernetes.default.svc.${CLUSTER_DOMAIN.toLowerCase()}`];
  return { dnsNames, ipAddresses: [kubernetesAddress(SERVICE_CIDR), dnsAddress(SERVICE_CIDR)] };
}

function requireAdmin(user: RequestContext["user"]): void {
  if (user.groups.includes("system:masters")) return;
  throw StatusError.forbidden({ group: "", kind: "" }, `User ${JSON.stringify(user.name)} cannot manage agents`);
}

function nodeOf(user: RequestContext["user"]): string | undefined {
  return user.groups.includes("system:nodes") && user.name.startsWith("system:node:") ? user.name.slice("system:node:".length) : undefined;
}

/** The node of the path, which must be the caller's own. */
function ownNode(user: RequestContext["user"], node: string): string {
  if (nodeOf(user) === node) return node;
  throw StatusError.forbidden({ group: "", kind: "nodes", name: node }, `User ${JSON.stringify(user.name)} is not its agent`);
}

async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const { text } = await readBody(request);
  try {
    const value: unknown = text === "" ? {} : JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Said below.
  }
  throw StatusError.badRequest("the body must be a JSON object");
}

function pollRequestOf(body: Record<string, unknown>): PollRequest {
  return { since: numberOf(body, "since"), session: numberOf(body, "session"), epoch: numberOf(body, "epoch"), wait: body["wait"] !== false };
}

function reportOf(body: Record<string, unknown>): StatusReport {
  return {
    session: numberOf(body, "session"),
    pods: listOf(body["pods"]).map((pod) => ({ ...podOf(pod), status: decoded<PodStatus>("io.k8s.api.core.v1.PodStatus", pod["status"] ?? {}) })),
    terminated: listOf(body["terminated"]).map(podOf),
    ...(body["node"] === undefined ? {} : { node: decoded<NodeStatus>("io.k8s.api.core.v1.NodeStatus", body["node"]) }),
    events: listOf(body["events"]).map((event) => decoded<Event>("io.k8s.api.core.v1.Event", event)),
  };
}

function podOf(pod: Record<string, unknown>): { namespace: string; name: string; uid: string } {
  return { namespace: String(pod["namespace"]), name: String(pod["name"]), uid: String(pod["uid"]) };
}

function decoded<T>(schema: string, value: unknown): T {
  const result = decode<T>(schema, value);
  if (!result.ok) throw StatusError.badRequest(result.message);
  return result.object;
}

function numberOf(body: Record<string, unknown>, field: string): number {
  const value = body[field];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw StatusError.badRequest(`${field}: must be a whole number`);
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function recordOf(value: unknown): Record<string, string> {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)])) : {};
}

function bytesOf(base64: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof base64 !== "string" || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
