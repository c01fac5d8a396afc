import { normalized, unresolvable, type Plugin } from "../framework.ts";
import { matchesNode, matchesTerm } from "../node-selector.ts";

/** Node selector and node affinity, required and preferred. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  weight: 2,
  filter: (pod) => {
    if (!pod.nodeSelector && !pod.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) return undefined;
    return (node) => (matchesNode(pod, node.facts) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector"));
  },
  score: (pod, _picture, nodes) => {
    const preferred = pod.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const scores = nodes.map(({ facts }) => preferred
      .filter(({ preference }) => matchesTerm(preference, facts))
      .reduce((sum, { weight }) => sum + weight, 0));
    return normalized(scores, { isReversed: false });
  },
};
