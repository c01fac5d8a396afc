/** Upstream's DefaultTolerationSeconds: a pod stays five minutes on a node that was lost, unless it says otherwise. */
import type { Pod, Toleration } from "../../../protocol/kubernetes/generated/types.ts";
import type { Admission } from "./admission.ts";

const defaultSeconds = 300;
const taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

export const defaultTolerations: Admission = {
  resource: "pods",
  create(object) {
    // A pod's shape is checked after admission; a missing spec is refused there.
    const pod = object as Pod;
    if (pod.spec === undefined) return undefined;
    const own = pod.spec.tolerations ?? [];
    const missing = taints.filter((taint) => !own.some((toleration) => tolerates(toleration, taint)));
    if (missing.length > 0) pod.spec.tolerations = [...own, ...missing.map(defaultFor)];
    return undefined;
  },
};

function tolerates(toleration: Toleration, taint: string): boolean {
  const isForKey = toleration.key === taint || (toleration.key ?? "") === "";
  return isForKey && (toleration.effect === "NoExecute" || (toleration.effect ?? "") === "");
}

function defaultFor(key: string): Toleration {
  return { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: defaultSeconds };
}
