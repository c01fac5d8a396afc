/**
 * The condition Progressing.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
 */
import type { Deployment, DeploymentStatus } from "../../../protocol/kubernetes/generated/types.ts";
import { conditionOf, withoutCondition } from "../conditions.ts";
import { millisecondsOf } from "../time.ts";
import type { Draft } from "./draft.ts";
import { replicasOf } from "./size.ts";
import { deploymentStatus, refreshedCondition, withDeploymentCondition } from "./status.ts";

/** The largest deadline stands for none. */
const noDeadline = 2_147_483_647;

export function deadlineSeconds(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds === noDeadline ? undefined : seconds;
}

export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const replicas = replicasOf(deployment);
  return (status?.updatedReplicas ?? 0) === replicas
    && (status?.replicas ?? 0) === replicas
    && (status?.availableReplicas ?? 0) === replicas
    && (status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0);
}

/** Status at the end of a rollout's step. */
export function rolloutStatus(draft: Draft): DeploymentStatus {
  const { deployment, now } = draft;
  const status = withReplicaFailure(draft, deploymentStatus(draft));
  if (deadlineSeconds(deployment) === undefined) {
    return { ...status, conditions: withoutCondition(status.conditions, "Progressing") };
  }
  const current = conditionOf(status.conditions, "Progressing");
  const isLongComplete = status.replicas === status.updatedReplicas && current?.reason === "NewReplicaSetAvailable";
  if (isLongComplete) return status;
  const subject = subjectOf(draft);
  const condition = (value: string, reason: string, message: string) => ({ type: "Progressing", status: value, reason, message });
  if (isComplete(deployment, status)) {
    return withDeploymentCondition(status, now, condition("True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`));
  }
  if (isProgressing(deployment.status, status)) {
    return refreshedCondition(status, now, condition("True", "ReplicaSetUpdated", `${subject} is progressing.`));
  }
  if (isTimedOut(deployment, status, now)) {
    return withDeploymentCondition(status, now, condition("False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`));
  }
  return status;
}

function subjectOf({ created, newReplicaSet, deployment }: Draft): string {
  const name = newReplicaSet?.metadata.name ?? created?.metadata?.name;
  return name === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${name}"`;
}

function isProgressing(before: DeploymentStatus | undefined, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus | undefined) => (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (after.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0)
    || old(after) < old(before)
    || (after.readyReplicas ?? 0) > (before?.readyReplicas ?? 0)
    || (after.availableReplicas ?? 0) > (before?.availableReplicas ?? 0);
}

function isTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const condition = conditionOf(status.conditions, "Progressing");
  if (condition === undefined || condition.reason === "NewReplicaSetAvailable") return false;
  if (condition.reason === "ProgressDeadlineExceeded") return true;
  return now > deadlineOf(deployment, condition.lastUpdateTime);
}

const deadlineOf = (deployment: Deployment, since: string | undefined): number =>
  millisecondsOf(since) + (deadlineSeconds(deployment) ?? 0) * 1000;

/** A rollout that may time out has to be looked at again when it would. */
export function millisecondsToDeadline(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const condition = conditionOf(status.conditions, "Progressing");
  if (deadlineSeconds(deployment) === undefined || condition === undefined || isComplete(deployment, status)) return undefined;
  if (condition.reason === "ProgressDeadlineExceeded" || condition.reason === "NewReplicaSetAvailable") return undefined;
  return Math.max(0, deadlineOf(deployment, condition.lastUpdateTime) - now) + 1000;
}

/** A ReplicaSet that cannot create its pods says why; the Deployment repeats it. */
function withReplicaFailure(draft: Draft, status: DeploymentStatus): DeploymentStatus {
  const ranked = [draft.newReplicaSet, ...draft.oldReplicaSets];
  const failure = ranked.map((set) => conditionOf(set?.status?.conditions, "ReplicaFailure")).find((found) => found !== undefined);
  if (failure === undefined) return { ...status, conditions: withoutCondition(status.conditions, "ReplicaFailure") };
  const { reason = "", message = "" } = failure;
  return withDeploymentCondition(status, draft.now, { type: "ReplicaFailure", status: failure.status, reason, message });
}
