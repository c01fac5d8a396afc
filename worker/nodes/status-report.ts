/**
 * What an agent saw becomes one list of writes: pod statuses, pods that are gone, the node's own status, events.
 * An agent touches nothing but its own node and the pods bound to it. Planning is pure over what was read.
 */
import type { StatusReport, StatusResult } from "../../protocol/agent.ts";
import type { Event, Node, Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import type { Planner } from "../registry/registry.ts";
import { objectOf } from "../registry/text.ts";
import { events } from "../resources/core/events.ts";
import { nodes } from "../resources/core/nodes.ts";
import { pods } from "../resources/core/pods.ts";
import type { RequestContext } from "../resources/resource.ts";
import { agentKey, agentOf, type Agent } from "./agents.ts";
import type { ObjectKey, Store, StoredObject, WriteOperation, WriteResult } from "../storage/store.ts";

export interface StatusPorts {
  store: Pick<Store, "getMany" | "write">;
  planner: Planner;
  context: RequestContext;
}

type Refusal = StatusResult["refused"][number];

interface Part {
  key: ObjectKey;
  /** Undefined: nothing to write any more. Throws a StatusError if the agent may not. */
  plan(current: StoredObject | undefined): WriteOperation | undefined;
}

const attempts = 4;

/** Applies the report; parts that lost a race are read and planned again, a few times. */
export async function applyReport(node: string, report: StatusReport, ports: StatusPorts): Promise<StatusResult> {
  const refused: Refusal[] = [];
  let parts = partsOf(node, report, { ...ports, agent: report.node && (await readAgent(node, ports)) });
  for (let attempt = 0; parts.length > 0; attempt++) {
    const { items } = await ports.store.getMany(parts.map((part) => part.key));
    const planned = parts.flatMap((part, at) => planPart(part, items[at], refused));
    if (planned.length === 0) break;
    const { results } = await ports.store.write({ operations: planned.map(({ operation }) => operation) });
    const lost = planned.filter((_, at) => hasLostRace(results[at]));
    refused.push(...planned.flatMap(({ part }, at) => refusalOf(part.key, results[at], attempt + 1 === attempts)));
    parts = attempt + 1 === attempts ? [] : lost.map(({ part }) => part);
  }
  return { refused };
}

async function readAgent(node: string, { store }: StatusPorts): Promise<Agent | undefined> {
  const { items: [stored] } = await store.getMany([agentKey(node)]);
  return stored && agentOf(stored);
}

function planPart(part: Part, current: StoredObject | undefined, refused: Refusal[]) {
  try {
    const operation = part.plan(current);
    return operation ? [{ part, operation }] : [];
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    refused.push({ key: part.key, code: error.code, reason: error.reason, message: error.message });
    return [];
  }
}

function partsOf(node: string, report: StatusReport, ports: StatusPorts & { agent: Agent | undefined }): Part[] {
  const gone = new Set(report.terminated.map((pod) => pod.uid));
  return [
    ...report.pods.filter((pod) => !gone.has(pod.uid)).map((pod) => statusPart(node, pod, ports)),
    ...report.terminated.map((pod) => terminatedPart(node, pod, report, ports)),
    ...(report.node ? [nodePart(node, report.node, ports)] : []),
    ...report.events.map((event) => eventPart(node, event, ports)),
  ];
}

type Identity = Pick<StatusReport["pods"][number], "namespace" | "name" | "uid">;

function statusPart(node: string, pod: StatusReport["pods"][number], { planner, context }: StatusPorts): Part {
  return {
    key: keyOf(pod),
    plan(stored) {
      const current = ownPod(node, pod, stored);
      const next = { ...current, status: pod.status };
      return planner.update({ resource: pods, current, next, subresource: "status", context })?.operation;
    },
  };
}

/** The pod's last status goes along if a finalizer keeps it, for whoever waits to read how it ended. */
function terminatedPart(node: string, pod: Identity, report: StatusReport, { planner, context }: StatusPorts): Part {
  const last = report.pods.find((candidate) => candidate.uid === pod.uid)?.status;
  return {
    key: keyOf(pod),
    plan(stored) {
      if (stored === undefined) return undefined;
      const found = ownPod(node, pod, stored);
      const current = last ? { ...found, status: last } : found;
      const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.uid } };
      return planner.delete({ resource: pods, current, options, context })?.operation;
    },
  };
}

/** A Node that was deleted while its agent lives is registered again, as a kubelet does when it starts. */
function nodePart(
  node: string,
  status: NonNullable<StatusReport["node"]>,
  { planner, context, agent }: StatusPorts & { agent: Agent | undefined },
): Part {
  return {
    key: `nodes//${node}`,
    plan(stored) {
      if (!stored) {
        if (!agent) throw StatusError.notFound({ group: "", kind: "nodes", name: node });
        const spec = { podCIDR: agent.podCidr, podCIDRs: [agent.podCidr] };
        return planner.create(nodes, { metadata: { name: node, labels: agent.labels }, spec, status }, context).operation;
      }
      const current = objectOf<Node>(nodes, stored);
      const next = { ...current, status };
      return planner.update({ resource: nodes, current, next, subresource: "status", context })?.operation;
    },
  };
}

/** An event that repeats comes again under its name with a higher count. */
function eventPart(node: string, event: Event, { planner, context }: StatusPorts): Part {
  const { namespace = "default", name = "" } = event.metadata;
  const about = { group: "", kind: "events", name };
  return {
    key: `events/${namespace}/${name}`,
    plan(stored) {
      if (!isOfNode(node, event)) throw StatusError.forbidden(about, `node "${node}" reports events of itself and its pods only`);
      const object = { ...event, apiVersion: "v1", kind: "Event", metadata: { ...event.metadata, namespace } };
      if (!stored) return planner.create(events, object, context).operation;
      const current = objectOf<Event>(events, stored) as Stored<Event>;
      const next = { ...object, metadata: { ...current.metadata, ...event.metadata } };
      return planner.update({ resource: events, current, next, context })?.operation;
    },
  };
}

function isOfNode(node: string, { involvedObject, source, reportingInstance, metadata }: Event): boolean {
  const host = reportingInstance || source?.host;
  if (host !== undefined && host !== node) return false;
  if (involvedObject.kind === "Node") return involvedObject.name === node;
  return involvedObject.kind === "Pod" && involvedObject.namespace === metadata.namespace;
}

function ownPod(node: string, pod: Identity, stored: StoredObject | undefined): Stored<Pod> {
  const about = { group: "", kind: "pods", name: pod.name };
  if (!stored) throw StatusError.notFound(about);
  const current = objectOf<Pod>(pods, stored);
  if (current.metadata.uid !== pod.uid) throw StatusError.uidConflict(about, pod.uid, current.metadata.uid);
  if (current.spec?.nodeName !== node) throw StatusError.forbidden(about, `node "${node}" can only touch pods bound to it`);
  return current;
}

function keyOf(pod: Identity): ObjectKey {
  return `pods/${pod.namespace}/${pod.name}`;
}

function hasLostRace(result: WriteResult | undefined): boolean {
  return result?.ok === false && (result.reason === "conflict" || result.reason === "exists" || result.reason === "stale");
}

function refusalOf(key: ObjectKey, result: WriteResult | undefined, isLast: boolean): Refusal[] {
  if (result === undefined || result.ok || (hasLostRace(result) && !isLast)) return [];
  const isGone = result.reason === "not-found" || result.reason === "uid-mismatch";
  const [code, reason] = isGone ? [404, "NotFound"] as const : [409, "Conflict"] as const;
  // A requirement that fails (a namespace that is going away) stays failed: the agent need not try again.
  return [{ key, code: result.reason === "requirement" ? 404 : code, reason, message: `${key}: ${result.reason}` }];
}
