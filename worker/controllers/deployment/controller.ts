/**
 * Deployment: rolls its ReplicaSets from template to template.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
 */
import type { Deployment, Pod, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Controller, Reader, Reconciliation } from "../controller.ts";
import { conditionOf } from "../conditions.ts";
import { claim, controllerOf, isControlledBy, isDeleting, readCandidates } from "../owner-references.ts";
import { isTerminal } from "../pod-state.ts";
import { templateHash } from "../template-hash.ts";
import { Draft } from "./draft.ts";
import { deadlineSeconds, isComplete, millisecondsToDeadline, rolloutStatus } from "./progress.ts";
import { isScalingEvent, scaleInProportion } from "./proportional-scaling.ts";
import { byRevision, isActiveSet } from "./replica-sets.ts";
import { growNewReplicaSet, shrinkOldReplicaSets } from "./rolling-update.ts";
import { isRecreate, replicasOf } from "./size.ts";
import { deploymentStatus, withDeploymentCondition } from "./status.ts";

export interface DeploymentSnapshot {
  deployment: Stored<Deployment> | undefined;
  /** Owned ReplicaSets, and orphans that the selector matches. */
  replicaSets: Stored<ReplicaSet>[];
  /** Whoever has the name that the current template's ReplicaSet would get. */
  nameHolder: Stored<ReplicaSet> | undefined;
  /** Only for Recreate, which waits for their end: pods of the owned ReplicaSets. */
  pods: Stored<Pod>[];
  now: number;
}

export const deploymentController: Controller<DeploymentSnapshot> = {
  name: "deployments.apps",
  async observe(reader, key, now) {
    const deployment = await reader.get<Deployment>(key);
    if (deployment?.spec === undefined) return { deployment: undefined, replicaSets: [], nameHolder: undefined, pods: [], now };
    const { namespace = "", name } = deployment.metadata;
    const [replicaSets, nameHolder] = await Promise.all([
      readCandidates<ReplicaSet>(reader, "replicasets.apps", deployment, deployment.spec.selector),
      reader.get<ReplicaSet>(`replicasets.apps/${namespace}/${name}-${hashOf(deployment)}`),
    ]);
    const pods = isRecreate(deployment) ? await readPods(reader, replicaSets) : [];
    return { deployment, replicaSets, nameHolder, pods, now };
  },
  reconcile: reconcileDeployment,
};

async function readPods(reader: Reader, replicaSets: Stored<ReplicaSet>[]): Promise<Stored<Pod>[]> {
  const lists = await Promise.all(replicaSets.map(({ metadata }) =>
    reader.list<Pod>({ resource: "pods", namespace: metadata.namespace ?? "", term: `owner:${metadata.uid}` })));
  return lists.flat();
}

export const hashOf = (deployment: Deployment): string =>
  templateHash(deployment.spec?.template, deployment.status?.collisionCount);

export function reconcileDeployment(snapshot: DeploymentSnapshot): Reconciliation {
  const { deployment, now } = snapshot;
  if (deployment?.spec === undefined) return { actions: [] };
  const { owned, actions } = claim(deployment, deployment.spec.selector, snapshot.replicaSets);
  const draft = new Draft(deployment, owned, now);
  if (isDeleting(deployment)) draft.status = deploymentStatus(draft);
  else plan(draft, snapshot);
  const requeueAfterMs = isDeleting(deployment) ? undefined : millisecondsToDeadline(deployment, draft.status, now);
  return {
    actions: [...actions, ...draft.actions()],
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  };
}

function plan(draft: Draft, snapshot: DeploymentSnapshot): void {
  markPause(draft);
  if (draft.deployment.spec?.paused === true || isScalingEvent(draft)) {
    scaleOnly(draft);
    draft.status = deploymentStatus(draft);
    return;
  }
  if (isRecreate(draft.deployment)) recreate(draft, snapshot);
  else rollingUpdate(draft, snapshot);
  if (isComplete(draft.deployment, draft.deployment.status)) removeOldRevisions(draft);
  draft.status = rolloutStatus(draft);
}

/** No new template is rolled out, the old ones only keep up with the Deployment's size. */
function scaleOnly(draft: Draft): void {
  if (draft.newReplicaSet !== undefined) draft.syncNewReplicaSet(draft.newReplicaSet);
  scaleInProportion(draft);
  if (draft.deployment.spec?.paused === true) removeOldRevisions(draft);
}

function rollingUpdate(draft: Draft, snapshot: DeploymentSnapshot): void {
  ensureNewReplicaSet(draft, snapshot);
  growNewReplicaSet(draft);
  shrinkOldReplicaSets(draft);
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#recreate-deployment */
function recreate(draft: Draft, snapshot: DeploymentSnapshot): void {
  if (draft.newReplicaSet !== undefined) draft.syncNewReplicaSet(draft.newReplicaSet);
  const active = draft.oldReplicaSets.filter(isActiveSet);
  for (const replicaSet of active) draft.scale(replicaSet, 0);
  if (active.length > 0 || hasOldPods(draft, snapshot.pods)) return;
  ensureNewReplicaSet(draft, snapshot);
  const { newReplicaSet } = draft;
  if (newReplicaSet !== undefined && replicasOf(newReplicaSet) !== replicasOf(draft.deployment)) {
    draft.scale(newReplicaSet, replicasOf(draft.deployment));
  }
}

/** Also pods that are terminating: the new ones must not meet them. */
function hasOldPods(draft: Draft, pods: Stored<Pod>[]): boolean {
  const newest = draft.newReplicaSet?.metadata.uid;
  return pods.some((pod) => !isTerminal(pod) && controllerOf(pod)?.uid !== newest);
}

/** Updates or creates the ReplicaSet of the current template. */
function ensureNewReplicaSet(draft: Draft, { nameHolder }: DeploymentSnapshot): void {
  const { deployment, newReplicaSet, status } = draft;
  if (newReplicaSet !== undefined) {
    draft.syncNewReplicaSet(newReplicaSet);
    const isJudged = conditionOf(status.conditions, "Progressing") !== undefined;
    if (!isJudged) markProgress(draft, "True", "FoundNewReplicaSet", `Found new replica set "${newReplicaSet.metadata.name}"`);
  } else if (nameHolder !== undefined) {
    // Another template's ReplicaSet, or somebody else's: the next look computes another hash.
    draft.status = { ...status, collisionCount: (status.collisionCount ?? 0) + 1 };
  } else {
    const created = draft.create(hashOf(deployment));
    markProgress(draft, "True", "NewReplicaSetCreated", `Created new replica set "${created.metadata?.name}"`);
  }
}

/** A paused rollout has no deadline, which its condition says; a resumed one starts its time anew. */
function markPause(draft: Draft): void {
  const current = conditionOf(draft.status.conditions, "Progressing");
  const isPaused = draft.deployment.spec?.paused === true;
  if (current?.reason === "ProgressDeadlineExceeded" || isPaused === (current?.reason === "DeploymentPaused")) return;
  if (isPaused) markProgress(draft, "Unknown", "DeploymentPaused", "Deployment is paused");
  else markProgress(draft, "Unknown", "DeploymentResumed", "Deployment is resumed");
}

function markProgress(draft: Draft, value: "True" | "Unknown", reason: string, message: string): void {
  if (deadlineSeconds(draft.deployment) === undefined) return;
  const condition = { type: "Progressing", status: value, reason, message };
  draft.status = withDeploymentCondition(draft.status, draft.now, condition);
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#clean-up-policy */
function removeOldRevisions(draft: Draft): void {
  const limit = draft.deployment.spec?.revisionHistoryLimit ?? 10;
  const candidates = draft.oldReplicaSets.filter((replicaSet) => !isDeleting(replicaSet));
  for (const replicaSet of candidates.toSorted(byRevision).slice(0, Math.max(0, candidates.length - limit))) {
    const { spec, status, metadata } = replicaSet;
    const isUsed = (status?.replicas ?? 0) > 0 || (spec?.replicas ?? 0) > 0;
    const isObserved = (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
    if (!isUsed && isObserved && isControlledBy(replicaSet, draft.deployment)) draft.delete(replicaSet);
  }
}
