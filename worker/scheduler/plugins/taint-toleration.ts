import { normalized, unresolvable, type Plugin } from "../framework.ts";
import { tolerates, untolerated } from "../taints.ts";

/** Taints keep pods off that do not tolerate them; PreferNoSchedule only makes a node less liked. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  weight: 3,
  filter: (pod) => ({ facts }) => {
    const taint = untolerated(facts.taints, pod.tolerations, ["NoSchedule", "NoExecute"]);
    return taint && unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`);
  },
  score: (pod, _picture, nodes) => {
    const relevant = pod.tolerations.filter(({ effect }) => !effect || effect === "PreferNoSchedule");
    const scores = nodes.map(({ facts }) => facts.taints
      .filter((taint) => taint.effect === "PreferNoSchedule" && !relevant.some((one) => tolerates(one, taint))).length);
    return scores.some((score) => score > 0) ? normalized(scores, { isReversed: true }) : undefined;
  },
};
