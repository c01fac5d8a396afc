/** What the control plane says about a node that it no longer hears: kube-controller-manager's words. */
import type { Node, NodeCondition } from "../../protocol/kubernetes/generated/types.ts";

/** Conditions that a silent node can't vouch for any more. */
const monitored = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** The conditions of a node that was lost at `now` (RFC 3339); the same list if they say so already. */
export function conditionsOfLost(conditions: NodeCondition[], now: string): NodeCondition[] {
  const others = conditions.filter(({ type }) => !monitored.includes(type));
  const known = monitored.map((type) => unknownCondition(type, conditions.find((condition) => condition.type === type), now));
  const isUnchanged = known.every((condition) => conditions.includes(condition));
  return isUnchanged ? conditions : [...others, ...known];
}

function unknownCondition(type: string, current: NodeCondition | undefined, now: string): NodeCondition {
  if (!current) {
    return {
      type, status: "Unknown", reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status.",
      lastHeartbeatTime: now, lastTransitionTime: now,
    };
  }
  if (current.status === "Unknown") return current;
  return {
    ...current, status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status.", lastTransitionTime: now,
  };
}

export function isReady(node: Node): boolean {
  return readyStatus(node) === "True";
}

/** `True`, `False`, `Unknown`; a node without the condition is `Unknown`. */
export function readyStatus(node: Node): string {
  return node.status?.conditions?.find((condition) => condition.type === "Ready")?.status ?? "Unknown";
}

/** What of a node kept through the API alone moves with each of its heartbeats. */
export function probeOf(node: Node | undefined, renewTime: string | undefined): string {
  const ready = node?.status?.conditions?.find((condition) => condition.type === "Ready");
  // A condition that we wrote ourselves, as there was none, is no sign of life.
  const heartbeat = ready?.reason === "NodeStatusNeverUpdated" ? "" : (ready?.lastHeartbeatTime ?? "");
  return `${heartbeat}|${renewTime ?? ""}`;
}
