import { unresolvable, type Plugin } from "../framework.ts";
import { tolerates } from "../taints.ts";

const cordon = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Cordoned nodes take only pods that tolerate it. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  filter: (pod) => {
    if (pod.tolerations.some((toleration) => tolerates(toleration, cordon))) return undefined;
    return (node) => (node.facts.isUnschedulable ? unresolvable("node(s) were unschedulable") : undefined);
  },
};
