/**
 * Node lifecycle, key `nodes//<name>`: conditions become taints, taints end pods. Who is silent is found out by the
 * hub (../objects/node-hub.ts), which writes the conditions.
 *
 *     Ready=False → not-ready, Ready=Unknown → unreachable: NoSchedule at once, NoExecute unless no node is ready
 *     NoExecute taint → pods that do not tolerate it are deleted at once, the others after tolerationSeconds
 *
 * A deleted pod of a silent node stays, marked, until its agent confirms its end, the Node is deleted, or an
 * administrator vouches for it by the out-of-service taint: so a StatefulSet's identity never runs twice.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
import type { Node, Pod, Taint, Toleration } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { conditionOf, withCondition } from "./conditions.ts";
import type { Action, Controller, Reconciliation } from "./controller.ts";
import { eventAction, eventActions } from "./events.ts";
import { isTerminal } from "./pod-state.ts";
import { millisecondsOf, timestampOf } from "./time.ts";

export interface NodeSnapshot {
  node: Stored<Node> | undefined;
  pods: Stored<Pod>[];
  /** No node of the cluster is ready: the fault is ours, and nobody is evicted. */
  isFullDisruption: boolean;
  now: number;
}

const notReady = "node.kubernetes.io/not-ready";
const unreachable = "node.kubernetes.io/unreachable";
const outOfService = "node.kubernetes.io/out-of-service";
const unschedulable = "node.kubernetes.io/unschedulable";
/** A node marked so keeps its pods when it loses its link: it works on its own. */
const autonomous = "kedge.dev/autonomous";

const pressures: Record<string, string> = {
  MemoryPressure: "node.kubernetes.io/memory-pressure",
  DiskPressure: "node.kubernetes.io/disk-pressure",
  PIDPressure: "node.kubernetes.io/pid-pressure",
  NetworkUnavailable: "node.kubernetes.io/network-unavailable",
};

const owned = new Set([notReady, unreachable, unschedulable, ...Object.values(pressures)]);

export const nodeLifecycleController: Controller<NodeSnapshot> = {
  name: "nodes",
  async observe(reader, key, now) {
    const node = await reader.get<Node>(key);
    if (node === undefined) return { node, pods: [], isFullDisruption: false, now };
    const isTroubled = !isReady(node) || (node.spec?.taints ?? []).some(({ effect }) => effect === "NoExecute");
    if (!isTroubled) return { node, pods: [], isFullDisruption: false, now };
    const pods = await reader.list<Pod>({ resource: "pods", term: `node:${node.metadata.name}` });
    const isFullDisruption = !isReady(node) && !(await reader.list<Node>({ resource: "nodes" })).some(isReady);
    return { node, pods, isFullDisruption, now };
  },
  reconcile: reconcileNode,
};

export function reconcileNode(snapshot: NodeSnapshot): Reconciliation {
  const { node, now } = snapshot;
  if (node === undefined || node.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const taints = taintsOf(node, snapshot);
  const retaint = taintAction(node, taints);
  const ends = snapshot.pods.flatMap((pod) => endOf(pod, taints, now));
  const due = ends.filter(({ at }) => at <= now);
  const waits = ends.filter(({ at }) => at > now).map(({ at }) => at - now);
  const forced = forcedEnds(snapshot, taints);
  const ended = new Set([...due.map(({ pod }) => pod), ...forced]);
  const actions = [
    ...retaint,
    ...eventActions({ about: node, component: "taint-eviction-controller", reason: "TaintManagerEviction" },
      due.map(({ pod }) => `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`)),
    ...due.map(({ pod }): Action => ({ type: "delete", object: pod })),
    ...forced.map((object): Action => ({ type: "delete", object, options: { gracePeriodSeconds: 0 } })),
    ...notReadyPods(snapshot, ended),
  ];
  // A pod is written once a plan: those deleted now are marked not ready in the next look.
  if (due.some(({ pod }) => isPodReady(pod))) waits.push(1);
  return { actions, ...(waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) }) };
}

function isReady(node: Node): boolean {
  return conditionOf(node.status?.conditions, "Ready")?.status === "True";
}

/** The user's own taints, then those that the conditions ask for; a taint keeps the time that it was added. */
function taintsOf(node: Stored<Node>, { isFullDisruption, now }: NodeSnapshot): Taint[] {
  const current = node.spec?.taints ?? [];
  const users = current.filter(({ key }) => !owned.has(key)).map((taint) => dated(taint, now));
  const wanted = wantedTaints(node, isFullDisruption).map((taint) => {
    const known = current.find(({ key, effect }) => key === taint.key && effect === taint.effect);
    return known ?? { ...taint, timeAdded: timestampOf(now) };
  });
  return [...users, ...wanted];
}

/** `kubectl taint` gives no time, but tolerationSeconds count from one. */
function dated(taint: Taint, now: number): Taint {
  return taint.effect === "NoExecute" && taint.timeAdded === undefined ? { ...taint, timeAdded: timestampOf(now) } : taint;
}

function wantedTaints(node: Stored<Node>, isFullDisruption: boolean): Taint[] {
  const conditions = node.status?.conditions;
  const ready = conditionOf(conditions, "Ready")?.status ?? "Unknown";
  const troubled = Object.entries(pressures).filter(([type]) => conditionOf(conditions, type)?.status === "True");
  const keeps = isFullDisruption || node.metadata.annotations?.[autonomous] === "true";
  const trouble = ready === "True" ? [] : [ready === "False" ? notReady : unreachable];
  return [
    ...trouble.map((key) => ({ key, effect: "NoSchedule" })),
    ...(keeps ? [] : trouble.map((key) => ({ key, effect: "NoExecute" }))),
    ...troubled.map(([, key]) => ({ key, effect: "NoSchedule" })),
    ...(node.spec?.unschedulable === true ? [{ key: unschedulable, effect: "NoSchedule" }] : []),
  ];
}

function taintAction(node: Stored<Node>, taints: Taint[]): Action[] {
  if (JSON.stringify(taints.map(idOf).toSorted()) === JSON.stringify((node.spec?.taints ?? []).map(idOf).toSorted())) return [];
  const { taints: _, ...spec } = node.spec ?? {};
  const next: Stored<Node> = { ...node, spec: { ...spec, ...(taints.length === 0 ? {} : { taints }) } };
  return [{ type: "update", object: next }, ...statusEvent(node, taints)];
}

const idOf = ({ key, value = "", effect, timeAdded = "" }: Taint): string => [key, value, effect, timeAdded].join("|");

function statusEvent(node: Stored<Node>, taints: Taint[]): Action[] {
  if (!wasReady(node) || !isTainted(taints) || isTainted(node.spec?.taints ?? [])) return [];
  const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
  return [eventAction({ about: node, component: "node-controller", reason: "NodeNotReady" }, message)];
}

const startMs = 5_000;

/** One that never said anything was not lost, nor is one that has only just come and is still starting. */
function wasReady({ metadata, status }: Stored<Node>): boolean {
  const condition = conditionOf(status?.conditions, "Ready");
  const changed = condition?.lastTransitionTime;
  return condition !== undefined && (changed === undefined || millisecondsOf(changed) > millisecondsOf(metadata.creationTimestamp) + startMs);
}

const isTainted = (taints: Taint[]): boolean => taints.some(({ key }) => key === notReady || key === unreachable);

/** When the taints end a pod; nothing for one that ends already, or that tolerates them all for ever. */
function endOf(pod: Stored<Pod>, taints: Taint[], now: number): { pod: Stored<Pod>; at: number }[] {
  if (pod.metadata.deletionTimestamp !== undefined || isTerminal(pod)) return [];
  const times = taints.filter(({ effect }) => effect === "NoExecute").map((taint) => endBy(taint, pod.spec?.tolerations ?? [], now));
  const at = Math.min(Infinity, ...times);
  return at === Infinity ? [] : [{ pod, at }];
}

/** The shortest of the tolerations counts, as upstream. */
function endBy(taint: Taint, tolerations: Toleration[], now: number): number {
  const tolerating = tolerations.filter((toleration) => isTolerated(taint, toleration));
  if (tolerating.length === 0) return now;
  const seconds = tolerating.flatMap(({ tolerationSeconds }) => (tolerationSeconds === undefined ? [] : [Math.max(0, tolerationSeconds)]));
  return seconds.length === 0 ? Infinity : millisecondsOf(taint.timeAdded) + Math.min(...seconds) * 1000;
}

function isTolerated(taint: Taint, { key, operator, value = "", effect }: Toleration): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  return operator === "Exists" || (Boolean(key) && value === (taint.value ?? ""));
}

/** The administrator says that the host is off: what is marked may go for good. */
function forcedEnds({ node, pods }: NodeSnapshot, taints: Taint[]): Stored<Pod>[] {
  if (node === undefined || isReady(node) || !taints.some(({ key }) => key === outOfService)) return [];
  return pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
}

/** Nobody vouches for the pods of a node that is not ready: Services stop using them. */
function notReadyPods({ node, pods, now }: NodeSnapshot, ended: ReadonlySet<Stored<Pod>>): Action[] {
  if (node === undefined || conditionOf(node.status?.conditions, "Ready")?.status !== "Unknown") return [];
  const stale = pods.filter((pod) => isPodReady(pod) && !ended.has(pod));
  return stale.map((pod): Action => {
    const ready = { ...conditionOf(pod.status?.conditions, "Ready"), type: "Ready", status: "False" };
    const conditions = withCondition(pod.status?.conditions, ready, now);
    return { type: "update", object: { ...pod, status: { ...pod.status, conditions } }, subresource: "status" };
  });
}

function isPodReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, "Ready")?.status === "True";
}
