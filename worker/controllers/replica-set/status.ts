import type { Pod, ReplicaSet, ReplicaSetStatus } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { withCondition, withoutCondition } from "../conditions.ts";
import { isDeleting } from "../owner-references.ts";
import { isActive, isAvailable, isReady, isTerminal } from "../pod-state.ts";

/** Counts the pods that there are; `refusals` say why others could not be created or deleted. */
export function replicaSetStatus(
  replicaSet: Stored<ReplicaSet>,
  owned: Stored<Pod>[],
  refusals: readonly string[],
  now: number,
): ReplicaSetStatus {
  const active = owned.filter(isActive);
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const wantedLabels = Object.entries(replicaSet.spec?.template?.metadata?.labels ?? {});
  const isFullyLabeled = (pod: Pod) => wantedLabels.every(([key, value]) => pod.metadata?.labels?.[key] === value);
  const isAvailableNow = (pod: Pod) => isAvailable(pod, minReadySeconds, now);
  return {
    ...replicaSet.status,
    ...conditions(replicaSet, active.length, refusals, now),
    replicas: active.length,
    fullyLabeledReplicas: active.filter(isFullyLabeled).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter(isAvailableNow).length,
    terminatingReplicas: owned.filter((pod) => isDeleting(pod) && !isTerminal(pod)).length,
    observedGeneration: replicaSet.metadata.generation ?? 0,
  };
}

function conditions(
  replicaSet: Stored<ReplicaSet>,
  activeCount: number,
  refusals: readonly string[],
  now: number,
): Pick<ReplicaSetStatus, "conditions"> {
  const current = replicaSet.status?.conditions;
  const message = refusals[0];
  const missing = (replicaSet.spec?.replicas ?? 1) - activeCount;
  if (message === undefined || missing === 0) {
    const rest = withoutCondition(current, "ReplicaFailure");
    return rest.length === 0 ? { conditions: undefined } : { conditions: rest };
  }
  const reason = missing > 0 ? "FailedCreate" : "FailedDelete";
  return { conditions: withCondition(current, { type: "ReplicaFailure", status: "True", reason, message }, now) };
}
