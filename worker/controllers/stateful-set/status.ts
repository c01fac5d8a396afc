import type { Pod, StatefulSet, StatefulSetStatus } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { isDeleting } from "../owner-references.ts";
import { isAvailable, isReady } from "../pod-state.ts";
import { revisionOfPod } from "./identity.ts";
import type { Revisions } from "./revisions.ts";

/** An update is complete, and its revision the current one, when all pods have it and are ready. */
export function statefulSetStatus(set: Stored<StatefulSet>, pods: Stored<Pod>[], revisions: Revisions, now: number): StatefulSetStatus {
  const replicas = set.spec?.replicas ?? 1;
  const isRunning = (pod: Pod) => pod.status?.phase === "Running";
  const ready = pods.filter((pod) => isRunning(pod) && isReady(pod));
  const available = ready.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, now));
  const ofRevision = (name: string) => pods.filter((pod) => !isDeleting(pod) && revisionOfPod(pod) === name).length;
  const updated = ofRevision(revisions.update.name);
  const isRolling = set.spec?.updateStrategy?.type !== "OnDelete";
  const isComplete = isRolling && updated === replicas && ready.length === replicas && pods.length === replicas;
  return {
    ...set.status,
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: ready.length,
    availableReplicas: available.length,
    currentReplicas: isComplete ? updated : ofRevision(revisions.current.name),
    updatedReplicas: updated,
    currentRevision: isComplete ? revisions.update.name : revisions.current.name,
    updateRevision: revisions.update.name,
    collisionCount: revisions.collisionCount,
  };
}
