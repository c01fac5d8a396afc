/**
 * Pods, as upstream's plugins leave them. DefaultTolerationSeconds: a pod stays five minutes on a node that was lost,
 * unless it says otherwise. Priority: a class that was not found (../priority.ts looks it up) refuses the pod.
 */
import type { Pod, Toleration } from "../../../protocol/kubernetes/generated/types.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { Admission } from "./admission.ts";

const defaultSeconds = 300;
const taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

export const podAdmission: Admission = {
  resource: "pods",
  create(object) {
    // A pod's shape is checked after admission; a missing spec is refused there.
    const pod = object as Pod;
    if (pod.spec === undefined) return undefined;
    rejectUnknownPriority(pod, pod.spec);
    const own = pod.spec.tolerations ?? [];
    const missing = taints.filter((taint) => !own.some((toleration) => tolerates(toleration, taint)));
    if (missing.length > 0) pod.spec.tolerations = [...own, ...missing.map(defaultFor)];
    return undefined;
  },
};

function rejectUnknownPriority(pod: Pod, { priorityClassName, priority }: NonNullable<Pod["spec"]>): void {
  if (!priorityClassName || priority !== undefined) return;
  const about = { group: "", kind: "pods", name: pod.metadata?.name ?? "" };
  throw StatusError.forbidden(about, `no PriorityClass with name ${priorityClassName} was found`);
}

function tolerates(toleration: Toleration, taint: string): boolean {
  const isForKey = toleration.key === taint || (toleration.key ?? "") === "";
  return isForKey && (toleration.effect === "NoExecute" || (toleration.effect ?? "") === "");
}

function defaultFor(key: string): Toleration {
  return { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: defaultSeconds };
}
