import { matchesLabels } from "../../../protocol/selectors.ts";
import { maxNodeScore, resolvable, unresolvable, type NodeFilter, type Plugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import { matchesNode } from "../node-selector.ts";
import type { Picture } from "../picture.ts";
import type { PodInfo, SpreadConstraint } from "../pod-info.ts";
import { untolerated } from "../taints.ts";

const mismatch = "node(s) didn't match pod topology spread constraints";
const hostname = "kubernetes.io/hostname";

/** What a pod without constraints of its own gets, if a controller or a Service groups it with others. */
const defaults = [
  { topologyKey: hostname, maxSkew: 3 },
  { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5 },
];

/** Spreads pods over domains (KEP-895): hard constraints refuse nodes, soft ones and the defaults score them. */
export const podTopologySpread: Plugin = {
  name: "PodTopologySpread",
  weight: 2,
  filter: (pod, picture) => {
    const hard = pod.spread.filter(({ isHard }) => isHard);
    return hard.length === 0 ? undefined : hardFilter(pod, picture, hard);
  },
  score: (pod, picture, nodes) => {
    if (pod.spread.length === 0) return scoreByDefaults(pod, picture, nodes);
    const soft = pod.spread.filter(({ isHard }) => !isHard);
    return soft.length === 0 ? undefined : scoreBySoft(pod, picture, { nodes, soft });
  },
};

function hardFilter(pod: PodInfo, picture: Picture, hard: SpreadConstraint[]): NodeFilter {
  const eligible = [...picture.nodes.values()].filter((node) => hard.every(({ topologyKey }) => topologyKey in node.facts.labels));
  const checks = hard.map((constraint) => {
    const counts = countsByDomain(pod, constraint, eligible.filter((node) => isCounted(pod, constraint, node)));
    const least = counts.size < constraint.minDomains ? 0 : Math.min(...counts.values());
    const self = isSelected(constraint, pod) ? 1 : 0;
    return { constraint, counts, least: Number.isFinite(least) ? least : 0, self };
  });
  return ({ facts }) => {
    for (const { constraint, counts, least, self } of checks) {
      const domain = facts.labels[constraint.topologyKey];
      if (domain === undefined) return unresolvable(`${mismatch} (missing required label)`);
      if ((counts.get(domain) ?? 0) + self - least > constraint.maxSkew) return resolvable(mismatch);
    }
    return undefined;
  };
}

function isCounted(pod: PodInfo, { honorsAffinity, honorsTaints }: SpreadConstraint, { facts }: NodeInfo): boolean {
  if (honorsAffinity && !matchesNode(pod, facts)) return false;
  return !honorsTaints || untolerated(facts.taints, pod.tolerations, ["NoSchedule", "NoExecute"]) === undefined;
}

function countsByDomain(pod: PodInfo, constraint: SpreadConstraint, nodes: NodeInfo[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { facts, pods } of nodes) {
    const domain = facts.labels[constraint.topologyKey] ?? "";
    let count = counts.get(domain) ?? 0;
    for (const other of pods.values()) if (isLikePod(pod, other) && isSelected(constraint, other)) count += 1;
    counts.set(domain, count);
  }
  return counts;
}

const isLikePod = (pod: PodInfo, other: PodInfo): boolean => other.namespace === pod.namespace && !other.isDeleting;

function isSelected({ labels }: SpreadConstraint, pod: PodInfo): boolean {
  return labels !== undefined && matchesLabels(labels, pod.labels);
}

function scoreBySoft(pod: PodInfo, picture: Picture, { nodes, soft }: { nodes: readonly NodeInfo[]; soft: SpreadConstraint[] }): number[] {
  const all = [...picture.nodes.values()].filter((node) => soft.every(({ topologyKey }) => topologyKey in node.facts.labels));
  const parts = soft.map((constraint) => ({
    ...constraint, counts: countsByDomain(pod, constraint, all.filter((node) => isCounted(pod, constraint, node))),
  }));
  const isIgnored = (node: NodeInfo) => soft.some(({ topologyKey }) => !(topologyKey in node.facts.labels));
  return spreadScores(nodes, parts, isIgnored);
}

/** Counts only the pods of the same controller (or Service), so that a wave of replicas stays cheap. */
function scoreByDefaults(pod: PodInfo, picture: Picture, nodes: readonly NodeInfo[]): number[] | undefined {
  const like = groupOf(pod, picture);
  if (!like) return undefined;
  const parts = defaults.map((constraint) => {
    const counts = new Map<string, number>();
    for (const other of like) {
      const domain = other.isDeleting ? undefined : picture.nodes.get(other.nodeName)?.facts.labels[constraint.topologyKey];
      if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + 1);
    }
    return { ...constraint, counts };
  });
  return spreadScores(nodes, parts, () => false);
}

/** Pods that the same Services select and the same controller owns; undefined: the pod stands alone. */
function groupOf(pod: PodInfo, picture: Picture): PodInfo[] | undefined {
  const selectors = [...picture.serviceSelectors.values()]
    .filter(({ namespace, labels }) => namespace === pod.namespace && matchesLabels(labels, pod.labels));
  if (selectors.length === 0 && pod.controllerUid === undefined) return undefined;
  const candidates = pod.controllerUid === undefined ? picture.inNamespace(pod.namespace) : picture.ofController(pod.controllerUid);
  return [...candidates].filter((other) => selectors.every(({ labels }) => matchesLabels(labels, other.labels)));
}

interface Part {
  topologyKey: string;
  maxSkew: number;
  counts: ReadonlyMap<string, number>;
}

/** Fewer pods in the domain are better; domains of a kind that there are many of weigh more. */
function spreadScores(nodes: readonly NodeInfo[], parts: Part[], isIgnored: (node: NodeInfo) => boolean): number[] {
  const weights = parts.map(({ topologyKey }) => {
    const domains = new Set(nodes.flatMap(({ facts }) => facts.labels[topologyKey] ?? []));
    return Math.log(domains.size + 2);
  });
  const raw = nodes.map((node) => {
    if (isIgnored(node)) return undefined;
    return Math.round(parts.reduce((sum, { topologyKey, maxSkew, counts }, at) => {
      const domain = node.facts.labels[topologyKey];
      return domain === undefined ? sum : sum + (counts.get(domain) ?? 0) * (weights[at] ?? 1) + maxSkew - 1;
    }, 0));
  });
  const known = raw.filter((score) => score !== undefined);
  const highest = Math.max(0, ...known);
  const lowest = Math.min(highest, ...known);
  return raw.map((score) => {
    if (score === undefined) return 0;
    return highest === 0 ? maxNodeScore : Math.floor((maxNodeScore * (highest + lowest - score)) / highest);
  });
}
