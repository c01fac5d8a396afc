/** Which pods of a ReplicaSet go first when it is scaled down. */
import type { Pod } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { isReady, readyCondition } from "../pod-state.ts";
import { millisecondsOf } from "../time.ts";

type Criterion = (pod: Stored<Pod>) => number;

const phases: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Kubernetes' order, from the first to go to the last: not bound to a node, not yet running, not ready, of the lower
 * deletion cost, on a node with more of them, ready for a shorter time, restarted more often, younger. Times compare
 * by order of magnitude (LogarithmicScaleDown), then by uid, so that the youngest are not always the victims.
 * Unlike upstream, only this ReplicaSet's pods count as neighbours on a node.
 */
export function byDeletionOrder(pods: Stored<Pod>[], now: number): (a: Stored<Pod>, b: Stored<Pod>) => number {
  const neighbours = Map.groupBy(pods, (pod) => pod.spec?.nodeName ?? "");
  const criteria: Criterion[] = [
    (pod) => (hasNode(pod) ? 1 : 0),
    (pod) => phases[pod.status?.phase ?? "Pending"] ?? 0,
    (pod) => (isReady(pod) ? 1 : 0),
    deletionCost,
    (pod) => (hasNode(pod) ? -(neighbours.get(pod.spec?.nodeName ?? "")?.length ?? 0) : 0),
    (pod) => (isReady(pod) ? magnitude(now - millisecondsOf(readyCondition(pod)?.lastTransitionTime)) : 0),
    (pod) => -restarts(pod),
    (pod) => magnitude(now - millisecondsOf(pod.metadata.creationTimestamp)),
  ];
  return (a, b) => {
    for (const criterion of criteria) {
      const difference = criterion(a) - criterion(b);
      if (difference !== 0) return difference;
    }
    return a.metadata.uid < b.metadata.uid ? -1 : 1;
  };
}

const hasNode = (pod: Pod): boolean => (pod.spec?.nodeName ?? "") !== "";

/** https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#pod-deletion-cost; not a number is none. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata?.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? "0";
  return /^(-?[1-9]\d*|0)$/.test(text) ? Number(text) : 0;
}

const magnitude = (milliseconds: number): number => Math.floor(Math.log2(Math.max(1, milliseconds)));

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
}
