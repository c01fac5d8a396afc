/** A Deployment's status: the sums of its ReplicaSets', and the condition Available. */
import type { DeploymentCondition, DeploymentStatus, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import { conditionOf, withCondition } from "../conditions.ts";
import { timestampOf } from "../time.ts";
import type { Draft } from "./draft.ts";
import { maxUnavailable, replicasOf, totalAvailable, totalReplicas } from "./size.ts";

/** The draft's status with the counts that the ReplicaSets reported; progress is judged in ./progress.ts. */
export function deploymentStatus(draft: Draft): DeploymentStatus {
  const { deployment, replicaSets } = draft;
  const available = totalAvailable(replicaSets);
  const sum = (count: (status: NonNullable<ReplicaSet["status"]>) => number | undefined, sets = replicaSets): number =>
    sets.reduce((total, { status }) => total + (status === undefined ? 0 : (count(status) ?? 0)), 0);
  const updated = draft.newReplicaSet;
  const status: DeploymentStatus = {
    ...draft.status,
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum((counts) => counts.replicas),
    updatedReplicas: updated === undefined ? 0 : sum((counts) => counts.replicas, [updated]),
    readyReplicas: sum((counts) => counts.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalReplicas(replicaSets) - available),
    terminatingReplicas: sum((counts) => counts.terminatingReplicas),
  };
  return withAvailability(status, available >= replicasOf(deployment) - maxUnavailable(deployment), draft.now);
}

function withAvailability(status: DeploymentStatus, isAvailable: boolean, now: number): DeploymentStatus {
  return withDeploymentCondition(status, now, {
    type: "Available",
    status: isAvailable ? "True" : "False",
    reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
    message: `Deployment ${isAvailable ? "has" : "does not have"} minimum availability.`,
  });
}

/** A condition of the same status and reason stays as it is, its times and message included. */
export function withDeploymentCondition(status: DeploymentStatus, now: number, condition: DeploymentCondition): DeploymentStatus {
  const current = conditionOf(status.conditions, condition.type);
  if (current?.status === condition.status && current.reason === condition.reason) return status;
  return refreshedCondition(status, now, condition);
}

/** The same, but with a new message and time of update even if status and reason stay. */
export function refreshedCondition(status: DeploymentStatus, now: number, condition: DeploymentCondition): DeploymentStatus {
  const dated = { ...condition, lastUpdateTime: timestampOf(now) };
  return { ...status, conditions: withCondition(status.conditions, dated, now) };
}
