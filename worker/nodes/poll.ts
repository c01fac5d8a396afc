/**
 * An agent's long poll, held by the stateless Worker: it first subscribes to the hub (so that nothing slips through
 * between), then reads the store if there may be news, and else waits for the hub to say so. An idle poll costs the
 * store nothing.
 */
import { pollSeconds, type PollRequest } from "../../protocol/agent.ts";
import type { SessionRequest } from "../../protocol/session.ts";
import { StatusError } from "../../protocol/status.ts";
import type { ChangesQuery, ListQuery, ObjectKey, Store } from "../storage/store.ts";
import {
  answerText,
  delta,
  isEmpty,
  newPods,
  nothing,
  referencesOfAll,
  snapshot,
  touchesReferences,
  type AnswerParts,
  type Assignment,
  type Changes,
} from "./assignment.ts";
import type { HubMessage, PollMessage } from "./hub-messages.ts";
import { peersOf, type Peers } from "./peers.ts";

/** The Worker's end of its WebSocket to the hub. */
export interface HubLink {
  /** The next message; undefined when `timeoutMs` passed, or when the link or the agent's request ended. */
  next(timeoutMs: number): Promise<HubMessage | undefined>;
  say(message: PollMessage): void;
  close(): void;
}

export interface PollPorts {
  store: Pick<Store, "changes" | "list" | "listMany" | "getMany" | "describe">;
  openLink(node: string, session: number): Promise<HubLink>;
  now(): number;
}

const helloMs = 10_000;

/** The JSON text of a PollResponse. */
export async function poll(node: string, request: PollRequest, ports: PollPorts): Promise<string> {
  const link = await ports.openLink(node, request.session);
  try {
    const hello = await link.next(helloMs);
    if (hello?.type === "superseded") throw fenced(node);
    if (hello?.type === "revoked") throw StatusError.unauthorized();
    if (hello?.type !== "hello") throw StatusError.serviceUnavailable("the node hub did not answer");
    return await answer({ node, request, ports, link, hello });
  } finally {
    link.close();
  }
}

interface Conversation {
  node: string;
  request: PollRequest;
  ports: PollPorts;
  link: HubLink;
  hello: Extract<HubMessage, { type: "hello" }>;
}

async function answer({ node, request, ports, link, hello }: Conversation): Promise<string> {
  const deadline = ports.now() + pollSeconds * 1000;
  let reportStatus = hello.hasReturned;
  let since = request.since;
  let news = hello.news;
  let sessions = hello.sessions;
  let isUnread = since === 0 || hello.mustVerify || !request.wait;
  for (;;) {
    if (isUnread || news > since) {
      const read = await readStore({ node, since, epoch: request.epoch, store: ports.store });
      link.say({ type: "verified" });
      isUnread = false;
      if (read.complete || read.peers || !isEmpty(read.assignment) || !request.wait || sessions.length > 0 || reportStatus) {
        return finish(link, { ...read, sessions, reportStatus });
      }
      since = read.revision;
      news = Math.min(news, since);
    }
    if (sessions.length > 0 || reportStatus) break;
    const message = await link.next(deadline - ports.now());
    if (message?.type === "superseded" && message.isFenced) throw fenced(node);
    if (message?.type === "revoked") throw StatusError.unauthorized();
    if (message === undefined || message.type === "superseded") break;
    if (message.type === "news") news = Math.max(news, message.revision);
    if (message.type === "report") reportStatus = true;
    if (message.type === "sessions") sessions = [...sessions, ...message.sessions];
  }
  return finish(link, {
    clusterUid: hello.clusterUid, epoch: request.epoch, revision: since, complete: false, assignment: nothing, sessions, reportStatus,
  });
}

function finish(link: HubLink, parts: AnswerParts): string {
  const ids = parts.sessions.map((session: SessionRequest) => session.id);
  if (ids.length > 0) link.say({ type: "took", sessions: ids });
  return answerText(parts);
}

interface Read {
  clusterUid: string;
  epoch: number;
  revision: number;
  complete: boolean;
  assignment: Assignment;
  peers?: Peers;
}

async function readStore(options: { node: string; since: number; epoch: number; store: PollPorts["store"] }): Promise<Read> {
  const { node, since, epoch, store } = options;
  const facts = await store.describe();
  const head = { clusterUid: facts.clusterUid, epoch: facts.epoch };
  // A revision or an epoch that is still to come was seen before the database was restored.
  const isFromTheFuture = since > facts.revision || epoch > facts.epoch;
  if (since > 0 && !isFromTheFuture) {
    const changed = await readDelta(store, node, since);
    if (changed) return { ...head, ...changed, complete: false };
  }
  return { ...head, ...(await readSnapshot(store, node)), complete: true };
}

async function readDelta(store: PollPorts["store"], node: string, since: number) {
  const answered = await store.changes(changesQueries(node, since));
  if ("expired" in answered) return undefined;
  const [pods = [], services = [], endpointSlices = [], configMaps = [], secrets = [], nodes = []] = answered.events;
  const changes: Changes = { pods, services, endpointSlices, configMaps, secrets };
  const arrived = referencesOfAll(newPods(changes));
  const found = arrived.length === 0 ? [] : (await store.getMany(arrived)).items;
  const wanted = touchesReferences(changes) ? await wantedReferences(store, node) : [];
  const assignment = delta(changes, new Set([...wanted, ...arrived]), found);
  // A node's own status says nothing about the others.
  const hasPeerNews = nodes.some(({ key }) => key !== `nodes//${node}`);
  return { revision: answered.revision, assignment, ...(hasPeerNews ? { peers: await readPeers(store, node) } : {}) };
}

async function readPeers(store: PollPorts["store"], node: string): Promise<Peers> {
  const page = await store.list({ resource: "nodes" });
  return "expired" in page ? [] : peersOf(page.items, node);
}

async function wantedReferences(store: PollPorts["store"], node: string): Promise<ObjectKey[]> {
  const page = await store.list({ resource: "pods", term: `node:${node}` });
  return "expired" in page ? [] : referencesOfAll(page.items);
}

async function readSnapshot(store: PollPorts["store"], node: string) {
  const queries: ListQuery[] = [
    { resource: "pods", term: `node:${node}` },
    { resource: "services" },
    { resource: "endpointslices.discovery.k8s.io" },
    { resource: "nodes" },
  ];
  const [pods, services, endpointSlices, nodes] = await store.listMany(queries);
  const references = referencesOfAll(pods?.items ?? []);
  const found = references.length === 0 ? [] : (await store.getMany(references)).items;
  const listed = { pods: pods?.items ?? [], services: services?.items ?? [], endpointSlices: endpointSlices?.items ?? [] };
  return { revision: pods?.revision ?? 0, assignment: snapshot(listed, found), peers: peersOf(nodes?.items ?? [], node) };
}

function changesQueries(node: string, since: number): ChangesQuery[] {
  return [
    { resource: "pods", term: `node:${node}`, since },
    { resource: "services", since },
    { resource: "endpointslices.discovery.k8s.io", since },
    { resource: "configmaps", since },
    { resource: "secrets", since },
    { resource: "nodes", since },
  ];
}

function fenced(node: string): StatusError {
  return StatusError.conflict({ group: "", kind: "nodes", name: node }, "a newer session of its agent is running");
}
