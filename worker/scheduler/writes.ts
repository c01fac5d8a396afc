/** Decisions as planned writes: bindings, conditions, evictions, and the events that tell of them. Pure. */
import type { Event, Pod, PodCondition } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { eventName } from "../../protocol/event-name.ts";
import { boundPod } from "../registry/binding.ts";
import type { Planner } from "../registry/registry.ts";
import { objectOf } from "../registry/text.ts";
import { timestamp } from "../registry/time.ts";
import { events } from "../resources/core/events.ts";
import { pods } from "../resources/core/pods.ts";
import type { RequestContext } from "../resources/resource.ts";
import type { StoredObject, WriteOperation } from "../storage/store.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Decision } from "./round.ts";

const component = "default-scheduler";

export interface WritePorts {
  planner: Planner;
  context: RequestContext;
}

/** The binding first, then its event. */
export function bindingWrites(decision: Extract<Decision, { type: "bind" }>, stored: StoredObject, ports: WritePorts): WriteOperation[] {
  const { pod, node } = decision;
  const current = objectOf<Pod>(pods, stored);
  const next = boundPod(current, { nodeName: node }, ports.context.now);
  const planned = ports.planner.update({ resource: pods, current, next, subresource: "binding", context: ports.context });
  if (!planned) return [];
  const message = `Successfully assigned ${pod.namespace}/${pod.name} to ${node}`;
  return [planned.operation, eventWrite(current, { type: "Normal", reason: "Scheduled", message, action: "Binding" }, ports)];
}

/** The condition that says why, if it does not say so already, and a nomination if room is being made. */
export function unschedulableWrites(
  decision: Extract<Decision, { type: "unschedulable" }>,
  stored: StoredObject,
  ports: WritePorts,
): WriteOperation[] {
  const { pod, message, nominatedNodeName } = decision;
  if (pod.unschedulableMessage === message && pod.nominatedNodeName === nominatedNodeName) return [];
  const current = objectOf<Pod>(pods, stored);
  const { nominatedNodeName: _, ...status } = current.status ?? {};
  const conditions = withCondition(status.conditions, {
    type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastTransitionTime: timestamp(ports.context.now),
  });
  const next: Stored<Pod> = {
    ...current, status: { ...status, conditions, ...(nominatedNodeName === "" ? {} : { nominatedNodeName }) },
  };
  const planned = ports.planner.update({ resource: pods, current, next, subresource: "status", context: ports.context });
  if (!planned) return [];
  return [planned.operation, eventWrite(current, { type: "Warning", reason: "FailedScheduling", message, action: "Scheduling" }, ports)];
}

/** A victim leaves gracefully and says for whom. */
export function evictionWrites(victim: StoredObject, by: PodInfo, { node, ports }: { node: string; ports: WritePorts }): WriteOperation[] {
  const current = objectOf<Pod>(pods, victim);
  const conditions = withCondition(current.status?.conditions, {
    type: "DisruptionTarget",
    status: "True",
    reason: "PreemptionByScheduler",
    message: `${component}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: timestamp(ports.context.now),
  });
  const marked: Stored<Pod> = { ...current, status: { ...current.status, conditions } };
  const planned = ports.planner.delete({ resource: pods, current: marked, options: {}, context: ports.context });
  if (!planned) return [];
  const message = `Preempted by pod ${by.uid} on node ${node}`;
  return [planned.operation, eventWrite(current, { type: "Normal", reason: "Preempted", message, action: "Preempting" }, ports)];
}

/** A condition keeps the time of its last change of status. */
function withCondition(conditions: PodCondition[] | undefined, condition: PodCondition): PodCondition[] {
  const before = conditions?.find(({ type }) => type === condition.type);
  const isSame = before?.status === condition.status;
  const lastTransitionTime = isSame ? before.lastTransitionTime : condition.lastTransitionTime;
  const others = (conditions ?? []).filter(({ type }) => type !== condition.type);
  return [...others, { ...condition, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) }];
}

function eventWrite(
  about: Stored<Pod>,
  { type, reason, message, action }: { type: string; reason: string; message: string; action: string },
  { planner, context }: WritePorts,
): WriteOperation {
  const { name, namespace = "", uid, resourceVersion } = about.metadata;
  const now = timestamp(context.now);
  const event: Event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: eventName(name, context.now, Number.parseInt(context.newUid().slice(0, 8), 16)), namespace },
    involvedObject: { apiVersion: "v1", kind: "Pod", namespace, name, uid, resourceVersion },
    type,
    reason,
    action,
    message: message.slice(0, 1024),
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component },
    reportingComponent: component,
    reportingInstance: component,
  };
  return planner.create(events, event, context).operation;
}
