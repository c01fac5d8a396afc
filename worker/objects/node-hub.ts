/** The hub's Durable Object, `"hub"`: sockets of the polls, its own SQLite, the alarm for the earliest expiry. */
import { DurableObject } from "cloudflare:workers";
import type { Node } from "../../protocol/kubernetes/generated/types.ts";
import type { SessionRequest } from "../../protocol/session.ts";
import { type AgentIdentity, verifyAgentToken } from "../auth/agent-token.ts";
import type { Env } from "../env.ts";
import { AgentKeys } from "../nodes/agent-keys.ts";
import { agentKey, agentOf } from "../nodes/agents.ts";
import { Hub } from "../nodes/hub.ts";
import type { HubMessage, PollMessage } from "../nodes/hub-messages.ts";
import { agentKeyStorage, createTables, leaseStorage, readFact, sessionStorage, writeFact } from "../nodes/hub-storage.ts";
import { conditionsOfLost, probeOf } from "../nodes/node-conditions.ts";
import { requestContext } from "../registry/context.ts";
import { objectOf } from "../registry/text.ts";
import { timestamp } from "../registry/time.ts";
import { leases as leaseResource } from "../resources/coordination/leases.ts";
import { nodes } from "../resources/core/nodes.ts";
import type { Store } from "../storage/store.ts";
import { outcomes } from "../storage/ports.ts";
import { withDeadline } from "./deadline.ts";
import { planner, storeOf } from "./ports.ts";
import { settingsCache } from "../settings/settings-cache.ts";

/** The first instance in a fresh isolate: the whole control plane may have been away. */
let isFreshIsolate = true;

/** As the Store's own wakes. */
const wakeMs = 30_000;
const retryMs = 5_000;
const attempts = 5;

interface Attachment {
  node: string;
  session: number;
}

export class NodeHub extends DurableObject<Env> {
  readonly #hub: Hub;
  readonly #sql: SqlStorage;
  readonly #store: Store;
  readonly #keys: AgentKeys;
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#store = storeOf(env);
    createTables(this.#sql);
    this.#hub = new Hub({
      leases: leaseStorage(this.#sql),
      sessions: sessionStorage(this.#sql),
      facts: { read: (name) => readFact(this.#sql, name), write: (name, value) => writeFact(this.#sql, name, value) },
      send: (node, message) => this.#send(node, message),
      now: () => Date.now(),
    });
    this.#keys = new AgentKeys({ storage: agentKeyStorage(this.#sql), read: (node) => this.#readKey(node), now: () => Date.now() });
    if (isFreshIsolate) this.#hub.leases.grantGraceOnce(Date.now());
    isFreshIsolate = false;
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = (await ctx.storage.getAlarm()) ?? undefined;
    });
  }

  /**
   * The Worker's subscription for one poll: `?node=…&session=…` and the agent's token, a WebSocket of HubMessage and
   * PollMessage. The token is verified here, so that an idle poll needs nobody else.
   */
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const attachment: Attachment = { node: url.searchParams.get("node") ?? "", session: Number(url.searchParams.get("session")) };
    const token = request.headers.get("Authorization")?.replace(/^Bearer /, "") ?? "";
    const user = await verifyAgentToken(token, (node) => this.identityOf(node));
    if (!user) return new Response("unknown", { status: 401 });
    if (user.node !== attachment.node) return new Response("another's", { status: 403 });
    const clusterUid = await this.#clusterUid();
    const hello = this.#hub.greet(attachment.node, attachment.session, clusterUid);
    if (!hello) return new Response("fenced", { status: 409 });
    this.#supersede(attachment);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [attachment.node]);
    server.serializeAttachment(attachment);
    server.send(JSON.stringify(hello));
    await this.#arm();
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const { node } = socket.deserializeAttachment() as Attachment; // written in fetch
    if (typeof message === "string") this.#hub.hear(node, JSON.parse(message) as PollMessage);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code === 1006 || code === 1005 ? 1000 : code);
  }

  /** What a node's agent is known by; undefined: it has none. */
  async identityOf(node: string): Promise<AgentIdentity | undefined> {
    const publicKey = await this.#keys.keyOf(node);
    return publicKey === undefined ? undefined : { publicKey, clusterUid: await this.#clusterUid() };
  }

  /** The node's agent was registered or revoked: whoever polls with another key is out. */
  async agentChanged(node: string): Promise<void> {
    if (!(await this.#keys.changed(node))) return;
    for (const socket of this.ctx.getWebSockets(node)) {
      trySend(socket, JSON.stringify({ type: "revoked" } satisfies HubMessage));
      socket.close(1000, "revoked");
    }
  }

  /** Wakes of the store: `node/<name>`, `node/<name>/agent`, `node/<name>/heartbeat`, `nodes`. Kept in SQLite before it returns. */
  async wake(target: string, revision: number): Promise<void> {
    if (target === "nodes") return this.#hub.wakeAll(revision);
    const [, name = "", what] = target.split("/");
    if (what === "agent") return this.agentChanged(name);
    if (what !== "heartbeat") return this.#hub.wakeNode(name, revision);
    await this.#probe(name);
    await this.#arm();
  }

  /** A status report came in. `unknown`: the node has no agent any more; `stale`: a newer session of the agent runs. */
  async report(node: string, session: number, hasNodeStatus: boolean): Promise<"heard" | "stale" | "unknown"> {
    if ((await this.#keys.keyOf(node)) === undefined) return "unknown";
    const heard = this.#hub.report(node, session, hasNodeStatus);
    await this.#arm();
    return heard === "stale" ? "stale" : "heard";
  }

  /** An agent of the node was heard from within its grace period. */
  async isConnected(node: string): Promise<boolean> {
    return this.#hub.isConnected(node);
  }

  /** The highest session number that an agent of the node has used; 0: none that is known. */
  async lastSession(node: string): Promise<number> {
    return this.#hub.leases.get(node)?.session ?? 0;
  }

  /** Asks the node's agent to dial back for a stream; false: it is not connected. */
  async openSession(node: string, request: SessionRequest): Promise<boolean> {
    return this.#hub.openSession(node, request);
  }

  /** The platform retries a failed alarm only six times, so this one arms the next itself. */
  override async alarm(): Promise<void> {
    try {
      await this.#expire();
    } catch (error) {
      console.error("hub: looking for lost nodes failed, will try again", error);
      await this.#arm(Date.now() + retryMs);
    }
  }

  async #expire(): Promise<void> {
    const dueAt = Number(readFact(this.#sql, "alarmDue") ?? Date.now());
    this.#alarmAt = undefined;
    const { lost, recheck } = this.#hub.leases.expire(dueAt, Date.now());
    const pending = new Set([...this.#pending(), ...lost]);
    this.#keepPending(pending);
    for (const name of pending) if (await this.#tryMarkLost(name)) pending.delete(name);
    this.#keepPending(pending);
    await Promise.all(recheck.map((name) => this.#wakeLifecycle(name)));
    await this.#arm(pending.size > 0 ? Date.now() + retryMs : undefined);
  }

  #pending(): string[] {
    return JSON.parse(readFact(this.#sql, "pendingLost") ?? "[]") as string[];
  }

  #keepPending(names: Set<string>): void {
    const text = JSON.stringify([...names]);
    if (text !== (readFact(this.#sql, "pendingLost") ?? "[]")) writeFact(this.#sql, "pendingLost", text);
  }

  /** True when nothing is left to do for it. */
  async #tryMarkLost(name: string): Promise<boolean> {
    try {
      for (let attempt = 0; attempt < attempts; attempt++) if (await this.#markLost(name)) return true;
    } catch (error) {
      console.error(`hub: node ${name} could not be marked lost, will try again`, error);
    }
    return false;
  }

  async #markLost(name: string): Promise<boolean> {
    const stored = await this.#store.get(`nodes//${name}`);
    if (!stored) {
      this.#hub.leases.forget(name);
      return true;
    }
    if (this.#hub.leases.get(name)?.isLost !== true) return true;
    const current = objectOf<Node>(nodes, stored);
    const before = current.status?.conditions ?? [];
    const conditions = conditionsOfLost(before, timestamp(Date.now()));
    if (conditions === before) return true;
    const next: Node = { ...current, status: { ...current.status, conditions } };
    const context = requestContext(this.env, { name: "system:node-hub", groups: ["system:masters"] }, settingsCache.latest());
    const planned = planner.update({ resource: nodes, current, next, subresource: "status", context });
    if (!planned) return true;
    const { results } = await this.#store.write({ operations: [planned.operation] });
    return results[0]?.ok === true;
  }

  /** A node kept through the API alone shows life by what it changes in its status or its Lease. */
  async #probe(name: string): Promise<void> {
    const { items } = await this.#store.getMany([`nodes//${name}`, `leases.coordination.k8s.io/kube-node-lease/${name}`]);
    const [node, lease] = items;
    if (!node) return this.#hub.nodeDeleted(name);
    const renewTime = lease && (objectOf(leaseResource, lease) as { spec?: { renewTime?: string } }).spec?.renewTime;
    this.#hub.leases.probed(name, probeOf(objectOf<Node>(nodes, node), renewTime), Date.now());
  }

  async #wakeLifecycle(name: string): Promise<void> {
    const key = `nodes//${name}`;
    try {
      const { revision } = await this.#store.describe();
      await withDeadline(this.env.WORKLOAD.getByName(key).wake(revision), wakeMs, `${key} ${outcomes.late}`);
    } catch (error) {
      console.error(`hub: lifecycle of node ${name} could not be woken`, error);
    }
  }

  #send(node: string | undefined, message: HubMessage): void {
    const text = JSON.stringify(message);
    for (const socket of this.ctx.getWebSockets(node)) trySend(socket, text);
  }

  /** One poll a node: the one before it ends, and an older session is told that it is fenced off. */
  #supersede({ node, session }: Attachment): void {
    for (const socket of this.ctx.getWebSockets(node)) {
      const other = socket.deserializeAttachment() as Attachment; // written in fetch
      trySend(socket, JSON.stringify({ type: "superseded", isFenced: other.session < session } satisfies HubMessage));
      socket.close(1000, "superseded");
    }
  }

  /** The alarm only ever moves closer here; one that finds nobody expired sets the next. */
  async #arm(at?: number): Promise<void> {
    const next = Math.min(at ?? Infinity, this.#hub.leases.nextExpiry() ?? Infinity);
    if (next === Infinity || (this.#alarmAt !== undefined && this.#alarmAt <= next)) return;
    this.#alarmAt = next;
    writeFact(this.#sql, "alarmDue", String(next));
    await this.ctx.storage.setAlarm(next);
  }

  async #readKey(node: string): Promise<string | undefined> {
    const stored = await this.#store.get(agentKey(node));
    return stored && agentOf(stored).publicKey;
  }

  async #clusterUid(): Promise<string> {
    const known = readFact(this.#sql, "clusterUid");
    if (known !== undefined) return known;
    const { clusterUid } = await this.#store.describe();
    writeFact(this.#sql, "clusterUid", clusterUid);
    return clusterUid;
  }
}

function trySend(socket: WebSocket, text: string): void {
  try {
    socket.send(text);
  } catch {
    // It is closing: its poll ends and comes back.
  }
}
