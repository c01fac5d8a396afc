/**
 * StatefulSet: pods with identities that last.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
 */
import type { ControllerRevision, Pod, StatefulSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action, Controller, Reconciliation } from "../controller.ts";
import { isSame } from "../equality.ts";
import { claim, isDeleting, readCandidates } from "../owner-references.ts";
import { millisecondsToNextAvailable } from "../pod-state.ts";
import { ordinalOf, revisionOfPod } from "./identity.ts";
import { planPods } from "./pods.ts";
import { expiredRevisions, revisionName, revisionsOf } from "./revisions.ts";
import { statefulSetStatus } from "./status.ts";

export interface StatefulSetSnapshot {
  set: Stored<StatefulSet> | undefined;
  /** Owned pods, and orphans that the selector matches. */
  pods: Stored<Pod>[];
  /** Owned revisions, and orphans that the selector matches. */
  revisions: Stored<ControllerRevision>[];
  /** Whoever has the name that a revision of the current template would get. */
  nameHolder: Stored<ControllerRevision> | undefined;
  now: number;
}

const maxBurst = 500;

export const statefulSetController: Controller<StatefulSetSnapshot> = {
  name: "statefulsets.apps",
  async observe(reader, key, now) {
    const set = await reader.get<StatefulSet>(key);
    if (set?.spec === undefined) return { set: undefined, pods: [], revisions: [], nameHolder: undefined, now };
    const { selector } = set.spec;
    const [pods, revisions, nameHolder] = await Promise.all([
      readCandidates<Pod>(reader, "pods", set, selector),
      readCandidates<ControllerRevision>(reader, "controllerrevisions.apps", set, selector),
      reader.get<ControllerRevision>(`controllerrevisions.apps/${set.metadata.namespace}/${revisionName(set)}`),
    ]);
    return { set, pods, revisions, nameHolder, now };
  },
  reconcile: reconcileStatefulSet,
};

export function reconcileStatefulSet(snapshot: StatefulSetSnapshot): Reconciliation {
  const { set, now } = snapshot;
  if (set?.spec === undefined) return { actions: [] };
  const claimedRevisions = claim(set, set.spec.selector, snapshot.revisions);
  // Only a pod with a name of this set can be one of its identities.
  const claimed = claim(set, set.spec.selector, snapshot.pods.filter((pod) => ordinalOf(set, pod) !== undefined));
  const pods = claimed.owned;
  const claims = [...claimedRevisions.actions, ...claimed.actions];
  if (isDeleting(set)) return { actions: claims };
  const revisions = revisionsOf(set, claimedRevisions.owned, snapshot.nameHolder);
  const hasCollision = revisions.collisionCount !== (set.status?.collisionCount ?? 0);
  // A revision without a name of its own must not name pods.
  const scaling = hasCollision ? [] : planPods({ set, pods, revisions, now }).slice(0, 2 * maxBurst);
  const isMoving = scaling.some((action) => action.type === "create" || action.type === "delete");
  const status = statefulSetStatus(set, pods, revisions, now);
  const statusUpdate: Action = { type: "update", object: { ...set, status }, subresource: "status" };
  const used = new Set([status.currentRevision, status.updateRevision, ...pods.map(revisionOfPod)]);
  const requeueAfterMs = millisecondsToNextAvailable(pods, set.spec.minReadySeconds ?? 0, now);
  return {
    actions: [
      ...claims,
      ...revisions.actions,
      ...scaling,
      ...expiredRevisions(set, claimedRevisions.owned, used),
      // What is created or deleted comes back as a wake; only then the counts are worth a write.
      ...(isMoving || isSame(status, set.status) ? [] : [statusUpdate]),
    ],
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  };
}
