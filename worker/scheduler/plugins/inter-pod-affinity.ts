import { matchesLabels } from "../../../protocol/selectors.ts";
import { maxNodeScore, resolvable, unresolvable, type NodeFilter, type Plugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { Picture } from "../picture.ts";
import type { AffinityTerm, PodInfo } from "../pod-info.ts";

/** What another pod's required affinity adds to the score of its domain. */
const hardAffinityWeight = 1;

/** Pods that want to be near others, or far from them. Anti-affinity holds in both directions. */
export const interPodAffinity: Plugin = {
  name: "InterPodAffinity",
  weight: 2,
  filter: (pod, picture) => {
    const existing = domainsOfOthersAntiAffinity(pod, picture);
    if (existing.size + pod.affinity.length + pod.antiAffinity.length === 0) return undefined;
    const anti = pod.antiAffinity.map((term) => ({ term, counts: countsOf([term], picture) }));
    const affinity = affinityFilter(pod, picture);
    return (node) => affinity(node) ?? antiAffinityRefusal(node, anti) ?? othersRefusal(node, existing);
  },
  score: (pod, picture, nodes) => {
    const preferences = pod.preferredAffinity.length + pod.preferredAntiAffinity.length;
    if (preferences === 0 && !picture.hasAffinity()) return undefined;
    const weights = domainWeights(pod, picture);
    if (weights.size === 0) return undefined;
    return normalizedBetween(nodes.map((node) => weightOf(node, weights)));
  },
};

/** `key value` of a topology. */
type Domain = string;

const domainOf = (key: string, node: NodeInfo | undefined): Domain | undefined => {
  const value = node?.facts.labels[key];
  return value === undefined ? undefined : `${key} ${value}`;
};

function selects(term: AffinityTerm, pod: PodInfo, picture: Picture): boolean {
  if (term.labels === undefined || !matchesLabels(term.labels, pod.labels)) return false;
  if (term.namespaces.has(pod.namespace)) return true;
  return term.namespaceLabels !== undefined && matchesLabels(term.namespaceLabels, picture.namespaceLabels.get(pod.namespace));
}

/** Pods by domain of the first term's key, that all of the terms select. */
function countsOf(terms: readonly AffinityTerm[], picture: Picture): Map<Domain, number> {
  const counts = new Map<Domain, number>();
  for (const node of picture.nodes.values()) {
    for (const other of node.pods.values()) {
      if (!terms.every((term) => selects(term, other, picture))) continue;
      for (const { topologyKey } of terms) {
        const domain = domainOf(topologyKey, node);
        if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + 1);
      }
    }
  }
  return counts;
}

/** A pod that selects itself may be the first of its kind: it waits for nobody. */
function affinityFilter(pod: PodInfo, picture: Picture): NodeFilter {
  if (pod.affinity.length === 0) return () => undefined;
  const counts = countsOf(pod.affinity, picture);
  const isFirstOfItsKind = counts.size === 0 && pod.affinity.every((term) => selects(term, pod, picture));
  return (node) => {
    const domains = pod.affinity.map(({ topologyKey }) => domainOf(topologyKey, node));
    const isMatched = domains.every((domain) => domain !== undefined && (isFirstOfItsKind || counts.has(domain)));
    return isMatched ? undefined : unresolvable("node(s) didn't match pod affinity rules");
  };
}

function antiAffinityRefusal(node: NodeInfo, anti: { term: AffinityTerm; counts: Map<Domain, number> }[]) {
  const isNear = anti.some(({ term, counts }) => counts.has(domainOf(term.topologyKey, node) ?? ""));
  return isNear ? resolvable("node(s) didn't match pod anti-affinity rules") : undefined;
}

function domainsOfOthersAntiAffinity(pod: PodInfo, picture: Picture): Set<Domain> {
  const domains = new Set<Domain>();
  for (const other of picture.withAntiAffinity()) {
    for (const term of other.antiAffinity) {
      const domain = domainOf(term.topologyKey, picture.nodes.get(other.nodeName));
      if (domain !== undefined && selects(term, pod, picture)) domains.add(domain);
    }
  }
  return domains;
}

function othersRefusal(node: NodeInfo, domains: ReadonlySet<Domain>) {
  for (const [key, value] of Object.entries(node.facts.labels)) {
    if (domains.has(`${key} ${value}`)) return resolvable("node(s) didn't satisfy existing pods anti-affinity rules");
  }
  return undefined;
}

/** What this pod prefers of others, and what others prefer (or require) of it. */
function domainWeights(pod: PodInfo, picture: Picture): Map<Domain, number> {
  const weights = new Map<Domain, number>();
  const add = (key: string, node: NodeInfo, weight: number) => {
    const domain = domainOf(key, node);
    if (domain !== undefined) weights.set(domain, (weights.get(domain) ?? 0) + weight);
  };
  const own = signed(pod);
  if (own.length > 0) {
    for (const node of picture.nodes.values()) {
      for (const other of node.pods.values()) {
        for (const { term, weight } of own) if (selects(term, other, picture)) add(term.topologyKey, node, weight);
      }
    }
  }
  for (const other of picture.withAffinity()) {
    const node = picture.nodes.get(other.nodeName);
    if (!node) continue;
    const required = other.affinity.map((term) => ({ term, weight: hardAffinityWeight }));
    for (const { term, weight } of [...signed(other), ...required]) if (selects(term, pod, picture)) add(term.topologyKey, node, weight);
  }
  return weights;
}

function signed(pod: PodInfo): { term: AffinityTerm; weight: number }[] {
  return [...pod.preferredAffinity, ...pod.preferredAntiAffinity.map(({ term, weight }) => ({ term, weight: -weight }))];
}

function weightOf(node: NodeInfo, weights: ReadonlyMap<Domain, number>): number {
  return Object.entries(node.facts.labels).reduce((sum, [key, value]) => sum + (weights.get(`${key} ${value}`) ?? 0), 0);
}

function normalizedBetween(scores: number[]): number[] {
  const highest = Math.max(...scores);
  const lowest = Math.min(...scores);
  if (highest === lowest) return scores.map(() => 0);
  return scores.map((score) => Math.floor((maxNodeScore * (score - lowest)) / (highest - lowest)));
}
