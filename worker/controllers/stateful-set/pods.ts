/**
 * Which pods a StatefulSet creates and deletes now. OrderedReady goes one step at a time, upwards when it creates,
 * downwards when it deletes and updates, and waits for each to be available; Parallel does not wait.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees
 */
import type { Pod, StatefulSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action } from "../controller.ts";
import { eventAction } from "../events.ts";
import { scaledValue } from "../int-or-string.ts";
import { isDeleting } from "../owner-references.ts";
import { isAvailable, isTerminal } from "../pod-state.ts";
import { isSame } from "../equality.ts";
import { firstOrdinal, ordinalOf, podOfOrdinal, revisionOfPod, withIdentity } from "./identity.ts";
import type { Revision, Revisions } from "./revisions.ts";

const component = "statefulset-controller";

export interface PodsSnapshot {
  set: Stored<StatefulSet>;
  pods: Stored<Pod>[];
  revisions: Revisions;
  now: number;
}

interface Slot {
  ordinal: number;
  pod: Stored<Pod> | undefined;
}

export function planPods(snapshot: PodsSnapshot): Action[] {
  const { set, pods } = snapshot;
  const first = firstOrdinal(set);
  const end = first + (set.spec?.replicas ?? 1);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const slots = Array.from({ length: end - first }, (_, at): Slot => ({ ordinal: first + at, pod: byOrdinal.get(first + at) }));
  const condemned = pods
    .map((pod): Slot => ({ ordinal: ordinalOf(set, pod) ?? -1, pod }))
    .filter(({ ordinal }) => ordinal >= 0 && (ordinal < first || ordinal >= end))
    .toSorted((a, b) => b.ordinal - a.ordinal);
  const isOrdered = set.spec?.podManagementPolicy !== "Parallel";
  return isOrdered ? inOrder(snapshot, slots, condemned) : inParallel(snapshot, slots, condemned);
}

/** The first slot that has something to do, or has to be waited for, ends the step. */
function inOrder(snapshot: PodsSnapshot, slots: Slot[], condemned: Slot[]): Action[] {
  const identities: Action[] = [];
  for (const slot of slots) {
    const step = fill(snapshot, slots, slot);
    if (step !== undefined) return [...identities, ...step];
    if (!isFine(snapshot, slot)) return identities;
    identities.push(...identify(slot));
  }
  const [next] = condemned;
  if (next?.pod === undefined) return [...identities, ...update(snapshot, slots)];
  // The pod that is itself unhealthy may go; it would wait for others only, and they are fine by now.
  return isDeleting(next.pod) ? identities : [...identities, ...remove(snapshot.set, next.pod)];
}

function inParallel(snapshot: PodsSnapshot, slots: Slot[], condemned: Slot[]): Action[] {
  const steps = slots.flatMap((slot) => fill(snapshot, slots, slot) ?? identify(slot));
  const removals = condemned.flatMap(({ pod }) => (pod === undefined || isDeleting(pod) ? [] : remove(snapshot.set, pod)));
  return [...steps, ...removals, ...update(snapshot, slots)];
}

/** Creates the pod that is missing; ends one that has ended itself, so that the next look finds it missing. */
function fill(snapshot: PodsSnapshot, slots: Slot[], { ordinal, pod }: Slot): Action[] | undefined {
  const { set } = snapshot;
  if (pod === undefined) return create(snapshot, slots, ordinal);
  if (!isTerminal(pod)) return undefined;
  if (isDeleting(pod)) return [];
  const { namespace = "", name } = set.metadata;
  const isFailed = pod.status?.phase === "Failed";
  const recreating = eventAction(
    { about: set, component, reason: isFailed ? "RecreatingFailedPod" : "RecreatingTerminatedPod", type: isFailed ? "Warning" : "Normal" },
    `StatefulSet ${namespace}/${name} is recreating ${isFailed ? "failed" : "terminated"} Pod ${pod.metadata.name}`,
  );
  return [recreating, ...remove(set, pod)];
}

function create(snapshot: PodsSnapshot, slots: Slot[], ordinal: number): Action[] {
  const { set } = snapshot;
  const { name, template } = revisionFor(snapshot, slots, ordinal);
  const object = podOfOrdinal(set, template, ordinal, name);
  const message = `create Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name} successful`;
  return [{ type: "create", object }, eventAction({ about: set, component, reason: "SuccessfulCreate" }, message)];
}

function remove(set: Stored<StatefulSet>, object: Stored<Pod>): Action[] {
  const message = `delete Pod ${object.metadata.name} in StatefulSet ${set.metadata.name} successful`;
  return [{ type: "delete", object }, eventAction({ about: set, component, reason: "SuccessfulDelete" }, message)];
}

/** A pod that an update has not reached yet comes back as it was: below the partition, or below one of the old. */
function revisionFor({ set, revisions: { current, update: next } }: PodsSnapshot, slots: Slot[], ordinal: number): Revision {
  if (set.spec?.updateStrategy?.type === "OnDelete") return next;
  if (ordinal < firstOrdinal(set) + partitionOf(set)) return current;
  const isAwaitingTurn = slots.some((slot) =>
    slot.ordinal > ordinal && slot.pod !== undefined && revisionOfPod(slot.pod) === current.name);
  return isAwaitingTurn ? current : next;
}

const partitionOf = (set: StatefulSet): number => set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;

/**
 * Replaces pods of another revision from the highest ordinal down to the partition, as many at once as may be
 * unavailable (one, unless maxUnavailable says more).
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#rolling-updates
 */
function update(snapshot: PodsSnapshot, slots: Slot[]): Action[] {
  const { set, revisions } = snapshot;
  if (set.spec?.updateStrategy?.type === "OnDelete") return [];
  let left = maxUnavailable(set) - slots.filter((slot) => !isFine(snapshot, slot)).length;
  let hasTurnCome = true;
  const actions: Action[] = [];
  for (const slot of slots.slice(partitionOf(set)).toReversed()) {
    const { pod } = slot;
    if (pod === undefined || isDeleting(pod)) hasTurnCome = false;
    else if (revisionOfPod(pod) !== revisions.update.name) {
      // One that is not available costs no availability, and may never become fine without the update; but while
      // those above it are on their way it was brought back as it was, and has to wait as the others do.
      const mayGo = isFine(snapshot, slot) ? left-- > 0 : hasTurnCome;
      if (!mayGo) break;
      hasTurnCome = false;
      actions.push(...remove(set, pod));
    }
  }
  return actions;
}

function maxUnavailable(set: StatefulSet): number {
  return Math.max(1, scaledValue(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, set.spec?.replicas ?? 1, "down"));
}

/** Running, ready for long enough, and meant to stay. */
function isFine({ set, now }: PodsSnapshot, { pod }: Slot): boolean {
  if (pod === undefined || isDeleting(pod) || pod.status?.phase !== "Running") return false;
  return isAvailable(pod, set.spec?.minReadySeconds ?? 0, now);
}

function identify({ ordinal, pod }: Slot): Action[] {
  if (pod === undefined || isDeleting(pod)) return [];
  const identified = withIdentity(pod, ordinal);
  return isSame(identified, pod) ? [] : [{ type: "update", object: identified }];
}
