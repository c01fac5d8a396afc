/** DefaultTolerationSeconds: a pod stays five minutes on a node that was lost, unless it says otherwise. */
import type { Pod, Toleration } from "../../../protocol/kubernetes/generated/types.ts";
import type { Plugin } from "./plugin.ts";

const defaultSeconds = 300;
const taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

export const defaultTolerationSeconds: Plugin = {
  name: "DefaultTolerationSeconds",
  resources: ["pods"],
  mutate({ operation, object }) {
    const { spec } = object as Pod; // a pod's shape is checked after this; a missing spec is refused there
    if (operation !== "CREATE" || spec === undefined) return;
    const own = spec.tolerations ?? [];
    const missing = taints.filter((taint) => !own.some((toleration) => tolerates(toleration, taint)));
    if (missing.length > 0) spec.tolerations = [...own, ...missing.map(defaultFor)];
  },
};

function tolerates(toleration: Toleration, taint: string): boolean {
  const isForKey = toleration.key === taint || (toleration.key ?? "") === "";
  return isForKey && (toleration.effect === "NoExecute" || (toleration.effect ?? "") === "");
}

function defaultFor(key: string): Toleration {
  return { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: defaultSeconds };
}
