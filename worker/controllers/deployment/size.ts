/** How many pods a Deployment may have, and must have. */
import type { Deployment, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import { scaledValue } from "../int-or-string.ts";

export function replicasOf(workload: Deployment | ReplicaSet): number {
  return workload.spec?.replicas ?? 1;
}

/** Recreate is a kind of its own; everything else is RollingUpdate. */
export function isRecreate(deployment: Deployment): boolean {
  return deployment.spec?.strategy?.type === "Recreate";
}

/** Percentages of surge round up. */
export function maxSurge(deployment: Deployment): number {
  if (isRecreate(deployment)) return 0;
  return scaledValue(deployment.spec?.strategy?.rollingUpdate?.maxSurge ?? "25%", replicasOf(deployment), "up");
}

/** Percentages of unavailability round down; if both limits come to nothing, one pod may be missing. */
export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (isRecreate(deployment) || replicas === 0) return 0;
  const limit = scaledValue(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable ?? "25%", replicas, "down");
  return Math.min(replicas, limit === 0 && maxSurge(deployment) === 0 ? 1 : limit);
}

export const totalReplicas = (replicaSets: ReplicaSet[]): number =>
  replicaSets.reduce((total, replicaSet) => total + replicasOf(replicaSet), 0);

export const totalAvailable = (replicaSets: ReplicaSet[]): number =>
  replicaSets.reduce((total, replicaSet) => total + (replicaSet.status?.availableReplicas ?? 0), 0);

/** Pods that there may be: a ReplicaSet that was scaled down still has them until it reports otherwise. */
const occupied = (replicaSets: ReplicaSet[]): number =>
  replicaSets.reduce((total, replicaSet) => total + Math.max(replicasOf(replicaSet), replicaSet.status?.replicas ?? 0), 0);

/** The size of the ReplicaSet of the current template, as far as the surge lets it grow now. */
export function newReplicasWithin(deployment: Deployment, all: ReplicaSet[], newReplicaSet: ReplicaSet | undefined): number {
  const replicas = replicasOf(deployment);
  if (isRecreate(deployment)) return replicas;
  const current = newReplicaSet === undefined ? 0 : replicasOf(newReplicaSet);
  const room = replicas + maxSurge(deployment) - occupied(all);
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}
