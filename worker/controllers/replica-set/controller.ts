/**
 * ReplicaSet: keeps `spec.replicas` pods of its template running.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/
 */
import type { Pod, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action, Controller, Reconciliation } from "../controller.ts";
import { isSame } from "../equality.ts";
import { eventActions } from "../events.ts";
import { generatedName } from "../names.ts";
import { claim, isDeleting, readCandidates } from "../owner-references.ts";
import { isActive, millisecondsToNextAvailable } from "../pod-state.ts";
import { podFromTemplate } from "../pod-template.ts";
import { timestampOf } from "../time.ts";
import { byDeletionOrder } from "./deletion-order.ts";
import { replicaSetStatus } from "./status.ts";

export interface ReplicaSetSnapshot {
  replicaSet: Stored<ReplicaSet> | undefined;
  /** Owned pods, and orphans that the selector matches. */
  pods: Stored<Pod>[];
  refusals: readonly string[];
  seed: number;
  now: number;
  /** As events name it; absent: the ReplicaSets' own. */
  component?: string;
}

/** Creates and deletes in one list; the rest follows with the next look. */
const maxBurst = 500;
const ownComponent = "replicaset-controller";

export const replicaSetController: Controller<ReplicaSetSnapshot> = {
  name: "replicasets.apps",
  async observe(reader, key, now) {
    const replicaSet = await reader.get<ReplicaSet>(key);
    const selector = replicaSet?.spec?.selector;
    const pods = selector === undefined ? [] : await readCandidates<Pod>(reader, "pods", replicaSet!, selector);
    return { replicaSet, pods, refusals: reader.refusals, seed: reader.seed, now };
  },
  reconcile: reconcileReplicaSet,
};

export function reconcileReplicaSet(snapshot: ReplicaSetSnapshot): Reconciliation {
  const { replicaSet, now } = snapshot;
  if (replicaSet?.spec === undefined) return { actions: [] };
  const { owned, actions } = claim(replicaSet, replicaSet.spec.selector, snapshot.pods);
  const active = owned.filter(isActive);
  const scaling = isDeleting(replicaSet) ? [] : scale(replicaSet, active, snapshot);
  actions.push(...scaling);
  // What is created comes back as a wake; only then the counts are worth a write. What is deleted is reported with
  // it: a Deployment waits for the room.
  const isGrowing = scaling.some(({ type }) => type === "create");
  if (!isGrowing || snapshot.refusals.length > 0) {
    actions.push(...statusUpdate(replicaSet, owned.map(markedBy(scaling, now)), snapshot));
  }
  const requeueAfterMs = millisecondsToNextAvailable(active, replicaSet.spec.minReadySeconds ?? 0, now);
  return { actions, ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }) };
}

function scale(replicaSet: Stored<ReplicaSet>, active: Stored<Pod>[], snapshot: ReplicaSetSnapshot): Action[] {
  const missing = (replicaSet.spec?.replicas ?? 1) - active.length;
  if (missing > 0) return create(replicaSet, Math.min(missing, maxBurst), snapshot);
  if (missing < 0) return remove(replicaSet, active, Math.min(-missing, maxBurst), snapshot);
  return [];
}

function create(replicaSet: Stored<ReplicaSet>, count: number, { seed, component = ownComponent }: ReplicaSetSnapshot): Action[] {
  const generateName = `${replicaSet.metadata.name}-`;
  const names = Array.from({ length: count }, (_, position) => generatedName(generateName, seed, position));
  const creates = names.map((name): Action => ({
    type: "create",
    object: podFromTemplate(replicaSet, replicaSet.spec?.template, { name, generateName }),
  }));
  const recorded = { about: replicaSet, component, reason: "SuccessfulCreate" };
  return [...creates, ...eventActions(recorded, names.map((name) => `Created pod: ${name}`))];
}

function remove(replicaSet: Stored<ReplicaSet>, active: Stored<Pod>[], count: number, snapshot: ReplicaSetSnapshot): Action[] {
  const { now, component = ownComponent } = snapshot;
  const victims = active.toSorted(byDeletionOrder(active, now)).slice(0, count);
  const recorded = { about: replicaSet, component, reason: "SuccessfulDelete" };
  return [
    ...victims.map((object): Action => ({ type: "delete", object })),
    ...eventActions(recorded, victims.map((pod) => `Deleted pod: ${pod.metadata.name}`)),
  ];
}

/** Pods as they will be when the plan's deletes are done. */
function markedBy(actions: Action[], now: number): (pod: Stored<Pod>) => Stored<Pod> {
  const victims = new Set(actions.flatMap((action) => (action.type === "delete" ? [action.object.metadata.uid] : [])));
  return (pod) => victims.has(pod.metadata.uid)
    ? { ...pod, metadata: { ...pod.metadata, deletionTimestamp: timestampOf(now) } }
    : pod;
}

function statusUpdate(replicaSet: Stored<ReplicaSet>, owned: Stored<Pod>[], snapshot: ReplicaSetSnapshot): Action[] {
  const status = replicaSetStatus(replicaSet, owned, snapshot.refusals, snapshot.now);
  if (isSame(status, replicaSet.status)) return [];
  return [{ type: "update", object: { ...replicaSet, status }, subresource: "status" }];
}
