/** What controllers ask of a pod's status. */
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { isDeleting } from "./owner-references.ts";
import { millisecondsOf } from "./time.ts";

export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Counts towards its controller's replicas. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && !isDeleting(pod);
}

export function readyCondition(pod: Pod): { status: string; lastTransitionTime?: string } | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === "Ready");
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === "True";
}

/** Milliseconds until the pod counts as available: 0 if it does, undefined if it is not ready. */
export function millisecondsToAvailable(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  if (!isReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, millisecondsOf(readyCondition(pod)?.lastTransitionTime) + minReadySeconds * 1000 - now);
}

export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  return millisecondsToAvailable(pod, minReadySeconds, now) === 0;
}

/** When the next of these pods becomes available, if one is about to. */
export function millisecondsToNextAvailable(pods: Stored<Pod>[], minReadySeconds: number, now: number): number | undefined {
  const waits = pods.flatMap((pod) => millisecondsToAvailable(pod, minReadySeconds, now) ?? []).filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}
