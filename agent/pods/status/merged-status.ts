/** A pod's status out of two: the agent's own findings, and what others write into the API. */
import type { PodStatus } from "../../../protocol/kubernetes/generated/types.ts";

const ownConditions = new Set(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"]);

/** `own` is what the agent reported last; conditions of other writers and the QoS class come from the API. */
export function mergedStatus(fromApi: PodStatus, own: PodStatus): PodStatus {
  const isOwn = ({ type }: { type: string }): boolean => ownConditions.has(type);
  const conditions = [...(own.conditions ?? []).filter(isOwn), ...(fromApi.conditions ?? []).filter((condition) => !isOwn(condition))];
  const qosClass = fromApi.qosClass ?? own.qosClass;
  return { ...own, conditions, ...(qosClass !== undefined && { qosClass }) };
}
