/**
 * RollingUpdate: the new ReplicaSet grows within maxSurge, the old ones shrink within maxUnavailable.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */
import type { ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Draft } from "./draft.ts";
import { isActiveSet } from "./replica-sets.ts";
import { maxUnavailable, newReplicasWithin, replicasOf, totalAvailable, totalReplicas } from "./size.ts";

export function growNewReplicaSet(draft: Draft): void {
  const { deployment, newReplicaSet } = draft;
  if (newReplicaSet === undefined || replicasOf(newReplicaSet) === replicasOf(deployment)) return;
  const isTooLarge = replicasOf(newReplicaSet) > replicasOf(deployment);
  const target = isTooLarge ? replicasOf(deployment) : newReplicasWithin(deployment, draft.replicaSets, newReplicaSet);
  if (target !== replicasOf(newReplicaSet)) draft.scale(newReplicaSet, target);
}

/**
 * Old pods go as soon as enough others are available; first those that are not available themselves, which costs
 * no availability, then available ones, oldest ReplicaSet first.
 */
export function shrinkOldReplicaSets(draft: Draft): void {
  const { deployment, newReplicaSet, created } = draft;
  if (!draft.oldReplicaSets.some(isActiveSet)) return;
  const fresh = newReplicaSet ?? created;
  const newUnavailable = fresh === undefined ? 0 : replicasOf(fresh) - (fresh.status?.availableReplicas ?? 0);
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const all = totalReplicas(draft.replicaSets) + (created === undefined ? 0 : replicasOf(created));
  const limit = all - minAvailable - newUnavailable;
  if (limit <= 0) return;
  const unavailable = (replicaSet: ReplicaSet) => replicasOf(replicaSet) - (replicaSet.status?.availableReplicas ?? 0);
  shrink(draft, limit, unavailable);
  shrink(draft, totalAvailable(draft.replicaSets) - minAvailable, replicasOf);
}

/** Takes up to `limit` pods off the old ReplicaSets, from each at most what `spare` says. */
function shrink(draft: Draft, limit: number, spare: (replicaSet: Stored<ReplicaSet>) => number): void {
  let left = limit;
  for (const replicaSet of draft.oldReplicaSets) {
    const count = Math.min(left, spare(replicaSet), replicasOf(replicaSet));
    if (count <= 0) continue;
    draft.scale(replicaSet, replicasOf(replicaSet) - count);
    left -= count;
  }
}
