/**
 * How a host becomes a node: a one-time token buys, in one atomic list, the token's end, the agent's key and the
 * Node with a pod CIDR of its own. The same list replaces the key of a node whose agent is gone.
 */
import type { JoinRequest, JoinResponse, JoinTokenRequest, JoinTokenResponse } from "../../protocol/agent.ts";
import type { Node } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import type { Planner } from "../registry/registry.ts";
import { objectOf } from "../registry/text.ts";
import { nodes } from "../resources/core/nodes.ts";
import type { RequestContext } from "../resources/resource.ts";
import type { Store, StoredObject, WriteOperation } from "../storage/store.ts";
import { agentKey, agentOf, writeOf, type Agent, type JoinToken } from "./agents.ts";
import { formatJoinToken, isJoinToken, joinTokenKey } from "./join-token.ts";
import { refusedLabels } from "./node-restriction.ts";
import { freePodCidrs } from "./pod-cidr.ts";

export interface JoinPorts {
  store: Pick<Store, "get" | "list" | "write" | "describe">;
  planner: Planner;
  context: RequestContext;
  randomBytes(length: number): Uint8Array;
  /** Whether the node's present agent was heard from within its grace period. */
  isConnected(node: string): Promise<boolean>;
  /** The highest session number that an agent of the node has used; 0: none that is known. */
  lastSession(node: string): Promise<number>;
  /** Another key counts for the node from now on. */
  agentChanged(node: string): Promise<void>;
}

const hourSeconds = 3600;
const maxTtlSeconds = 7 * 24 * hourSeconds;
const attempts = 5;
const nodeName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const key32 = /^[A-Za-z0-9_-]{43}$/;

/** Makes a join token; it is answered once and kept as a hash. */
export async function createJoinToken(request: JoinTokenRequest, ports: JoinPorts): Promise<JoinTokenResponse> {
  const { ttlSeconds = hourSeconds, caSha256 = "", nodeName: name } = request;
  if (!Number.isFinite(ttlSeconds) || ttlSeconds <= 0 || ttlSeconds > maxTtlSeconds) {
    throw StatusError.badRequest(`ttlSeconds: must lie between 1 and ${maxTtlSeconds}`);
  }
  if (caSha256 !== "" && !key32.test(caSha256)) throw StatusError.badRequest("caSha256: must be a SHA-256 in base64url");
  if (name !== undefined) checkNodeName(name);
  const token = formatJoinToken(ports.randomBytes(32), caSha256);
  const key = await joinTokenKey(token);
  const expiresAt = ports.context.now + ttlSeconds * 1000;
  const object: JoinToken = { ...identity(key.slice("_jointokens//".length), ports.context), expiresAt, ...(name ? { nodeName: name } : {}) };
  const operations = [writeOf(key, object, undefined), ...(await removalsOfExpired(ports))];
  const { results } = await ports.store.write({ operations });
  if (results[0]?.ok !== true) throw StatusError.internal("the join token could not be stored");
  return { token, expirationTimestamp: new Date(expiresAt).toISOString() };
}

/** Tokens that nobody used in time go when the next one is made. */
async function removalsOfExpired({ store, context }: JoinPorts): Promise<WriteOperation[]> {
  const page = await store.list({ resource: "_jointokens" });
  const items = "expired" in page ? [] : page.items;
  const over = items.filter(({ text }) => (JSON.parse(text) as JoinToken).expiresAt <= context.now); // written above
  return over.map(({ key, revision }) => ({ verb: "delete", key, expect: { revision } }));
}

/** Spends the token. Every refusal of a token is the same 401, so that nobody learns which tokens exist. */
export async function join(token: string, request: JoinRequest, ports: JoinPorts): Promise<JoinResponse> {
  checkRequest(request);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const spent = await tokenOf(token, request.nodeName, ports);
    const answer = await register({ spent, request, ports });
    if (answer) return answer;
  }
  throw StatusError.conflict({ group: "", kind: "nodes", name: request.nodeName }, "too many joins at once, try again");
}

/** Ends an agent's key: its next request is unauthorized. The Node and its pods stay until they are deleted. */
export async function revokeAgent(node: string, { store, agentChanged }: Pick<JoinPorts, "store" | "agentChanged">): Promise<void> {
  const { results } = await store.write({ operations: [{ verb: "delete", key: agentKey(node), expect: {} }] });
  if (results[0]?.ok !== true) throw StatusError.notFound({ group: "", kind: "agents", name: node });
  await agentChanged(node);
}

interface SpentToken {
  stored: StoredObject;
  token: JoinToken;
}

async function tokenOf(text: string, node: string, { store, context }: JoinPorts): Promise<SpentToken> {
  const stored = isJoinToken(text) ? await store.get(await joinTokenKey(text)) : undefined;
  if (!stored) throw StatusError.unauthorized();
  const token = JSON.parse(stored.text) as JoinToken; // written by createJoinToken
  const isForOther = token.nodeName !== undefined && token.nodeName !== node;
  if (token.expiresAt <= context.now || isForOther) throw StatusError.unauthorized();
  return { stored, token };
}

/** One attempt; undefined if somebody else was faster with the CIDR, the node or the agent. */
async function register(options: { spent: SpentToken; request: JoinRequest; ports: JoinPorts }): Promise<JoinResponse | undefined> {
  const { spent, request, ports } = options;
  const { store, context } = ports;
  const agent = await store.get(agentKey(request.nodeName));
  const known = agent && agentOf(agent);
  await checkTakeover({ spent, request, known, ports });
  // Each start of an agent takes the next number, so the one that it joined with says little.
  const session = Math.max(known?.session ?? 0, await ports.lastSession(request.nodeName)) + 1;
  const node = await planNode(request, ports);
  const { publicKey, labels } = request;
  const registered: Agent = { ...identity(request.nodeName, context), publicKey, session, podCidr: node.podCidr, labels };
  const operations: WriteOperation[] = [
    { verb: "delete", key: spent.stored.key, expect: { revision: spent.stored.revision } },
    writeOf(agentKey(request.nodeName), registered, agent),
    ...node.operations,
  ];
  const { results } = await store.write({ operations, isAtomic: true });
  if (!results.every((result) => result.ok)) return undefined;
  await ports.agentChanged(request.nodeName);
  const { clusterUid } = await store.describe();
  return { clusterUid, nodeName: request.nodeName, session, podCidr: node.podCidr, ...networkOf(context) };
}

/** A key of a live agent is only replaced by itself, or with a token that names the node. */
async function checkTakeover(options: { spent: SpentToken; request: JoinRequest; known: Agent | undefined; ports: JoinPorts }) {
  const { spent, request, known, ports } = options;
  if (!known || known.publicKey === request.publicKey || spent.token.nodeName !== undefined) return;
  if (!(await ports.isConnected(request.nodeName))) return;
  const why = "its agent is alive; revoke it first, or use a join token made for this node";
  throw StatusError.conflict({ group: "", kind: "nodes", name: request.nodeName }, why);
}

async function planNode(request: JoinRequest, ports: JoinPorts): Promise<{ operations: WriteOperation[]; podCidr: string }> {
  const { store, planner, context } = ports;
  const stored = await store.get(`nodes//${request.nodeName}`);
  if (!stored) return planNewNode(request, ports);
  const current = objectOf<Node>(nodes, stored) as Stored<Node>;
  const podCidr = current.spec?.podCIDR ?? (await pickPodCidr(ports));
  const next: Stored<Node> = {
    ...current,
    metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...request.labels } },
    spec: { ...current.spec, podCIDR: podCidr, podCIDRs: [podCidr] },
  };
  const planned = planner.update({ resource: nodes, current, next, context });
  if (!planned) return { operations: [], podCidr };
  return { operations: [planned.operation], podCidr };
}

async function planNewNode(request: JoinRequest, ports: JoinPorts): Promise<{ operations: WriteOperation[]; podCidr: string }> {
  const podCidr = await pickPodCidr(ports);
  const node: Node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: request.nodeName, labels: request.labels },
    spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
    status: request.status,
  };
  const { operation } = ports.planner.create(nodes, node, ports.context);
  return { operations: [operation], podCidr };
}

async function pickPodCidr({ store, context }: JoinPorts): Promise<string> {
  const page = await store.list({ resource: "nodes" });
  const items = "expired" in page ? [] : page.items;
  const taken = new Set(items.map((stored) => objectOf<Node>(nodes, stored).spec?.podCIDR ?? ""));
  const free = freePodCidrs(context.config.clusterCidr, taken).next();
  if (free.done) throw StatusError.serviceUnavailable(`no pod CIDR is left in ${context.config.clusterCidr}`);
  return free.value;
}

function checkRequest(request: JoinRequest): void {
  checkNodeName(request.nodeName);
  if (!key32.test(request.publicKey)) throw StatusError.badRequest("publicKey: must be an Ed25519 key, 32 bytes in base64url");
  const refused = refusedLabels({}, request.labels ?? {});
  if (refused.length === 0) return;
  const about = { group: "", kind: "nodes", name: request.nodeName };
  throw StatusError.forbidden(about, `is not allowed to set the following labels: ${refused.join(", ")}`);
}

function checkNodeName(name: string): void {
  if (typeof name === "string" && name.length <= 253 && nodeName.test(name)) return;
  throw StatusError.badRequest(`nodeName: Invalid value: ${JSON.stringify(name)}: must be a lowercase RFC 1123 subdomain`);
}

function identity(name: string, context: RequestContext): Pick<Agent, "metadata"> {
  return { metadata: { name, uid: context.newUid(), creationTimestamp: new Date(context.now).toISOString().replace(/\.\d+/, "") } };
}

function networkOf({ config }: RequestContext) {
  const { clusterCidr, serviceCidr, clusterDomain } = config;
  return { clusterCidr, serviceCidr, clusterDomain, dnsAddress: tenthAddress(serviceCidr) };
}

function tenthAddress(cidr: string): string {
  const parts = (cidr.split("/")[0] ?? "").split(".").map(Number);
  const value = parts.reduce((sum, part) => sum * 256 + part, 0) + 10;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
