/**
 * A Deployment that is scaled in the middle of a rollout spreads the change over its active ReplicaSets.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling
 */
import type { Deployment, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { annotatedNumber, desiredReplicasAnnotation, maxReplicasAnnotation } from "./annotations.ts";
import type { Draft } from "./draft.ts";
import { isActiveSet, largestNewestFirst, largestOldestFirst } from "./replica-sets.ts";
import { isRecreate, maxSurge, replicasOf, totalReplicas } from "./size.ts";

/** True when the Deployment's size changed since its active ReplicaSets were last scaled. */
export function isScalingEvent(draft: Draft): boolean {
  return draft.replicaSets.filter(isActiveSet).some((replicaSet) => {
    const desired = annotatedNumber(replicaSet, desiredReplicasAnnotation);
    return desired !== undefined && desired !== replicasOf(draft.deployment);
  });
}

export function scaleInProportion(draft: Draft): void {
  const { deployment, newReplicaSet } = draft;
  const active = draft.replicaSets.filter(isActiveSet);
  if (active.length <= 1) {
    const only = active[0] ?? newReplicaSet ?? draft.oldReplicaSets.at(-1);
    if (only !== undefined) draft.scale(only, replicasOf(deployment));
    return;
  }
  if (newReplicaSet !== undefined && isSaturated(deployment, newReplicaSet)) {
    for (const replicaSet of draft.oldReplicaSets.filter(isActiveSet)) draft.scale(replicaSet, 0);
    return;
  }
  if (!isRecreate(deployment)) spread(draft, active);
}

/** It has all its pods, and they are available: the old ones need no share any more. */
function isSaturated(deployment: Deployment, replicaSet: ReplicaSet): boolean {
  const replicas = replicasOf(deployment);
  return annotatedNumber(replicaSet, desiredReplicasAnnotation) === replicas
    && replicasOf(replicaSet) === replicas
    && replicaSet.status?.availableReplicas === replicas;
}

function spread(draft: Draft, active: Stored<ReplicaSet>[]): void {
  const { deployment } = draft;
  const replicas = replicasOf(deployment);
  const allowed = replicas > 0 ? replicas + maxSurge(deployment) : 0;
  const difference = allowed - totalReplicas(active);
  const ordered = active.toSorted(difference >= 0 ? largestNewestFirst : largestOldestFirst);
  let left = difference;
  const shares = ordered.map((replicaSet) => {
    const share = boundedBy(left, shareOf(replicaSet, deployment));
    left -= share;
    return share;
  });
  for (const [position, replicaSet] of ordered.entries()) {
    // The largest one takes what rounding left over.
    const change = (shares[position] ?? 0) + (position === 0 ? left : 0);
    draft.scale(replicaSet, Math.max(0, replicasOf(replicaSet) + change));
  }
}

const boundedBy = (left: number, share: number): number => (left > 0 ? Math.min(share, left) : Math.max(share, left));

/** What the ReplicaSet would gain or lose if it kept its part of the whole. */
function shareOf(replicaSet: ReplicaSet, deployment: Deployment): number {
  const size = replicasOf(replicaSet);
  if (replicasOf(deployment) === 0) return -size;
  const before = annotatedNumber(replicaSet, maxReplicasAnnotation) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((size * (replicasOf(deployment) + maxSurge(deployment))) / before) - size;
}
