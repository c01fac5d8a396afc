/** One pod against the picture: filter, score, choose. */
import type { NodeFilter, Refusal } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Picture } from "./picture.ts";
import { plugins } from "./plugins.ts";
import type { PodInfo } from "./pod-info.ts";

export type Placement =
  | { node: string }
  /** Why each node will not do. */
  | { refusals: Map<string, Refusal> };

/** `turn` breaks ties: pods that like several nodes as much go round. */
export function scheduleOne(pod: PodInfo, picture: Picture, turn: number): Placement {
  const refuse = filterOf(pod, picture);
  const nominated = picture.nodes.get(pod.nominatedNodeName);
  if (nominated && !refuse(nominated)) return { node: nominated.facts.name };
  const refusals = new Map<string, Refusal>();
  const feasible: NodeInfo[] = [];
  for (const node of picture.nodes.values()) {
    const refusal = refuse(node);
    if (refusal) refusals.set(node.facts.name, refusal);
    else feasible.push(node);
  }
  const chosen = feasible.length < 2 ? feasible[0] : best(feasible, scoresOf(pod, picture, feasible), turn);
  return chosen ? { node: chosen.facts.name } : { refusals };
}

/**
 * All plugins' filters as one. Pods that were promised room on a node by preemption count as if they were there
 * already, and a node has to do without them too (a promise may not be kept).
 */
export function filterOf(pod: PodInfo, picture: Picture): NodeFilter {
  const filters = plugins.flatMap((plugin) => plugin.filter?.(pod, picture) ?? []);
  const plain: NodeFilter = (node) => {
    for (const filter of filters) {
      const refusal = filter(node);
      if (refusal) return refusal;
    }
    return undefined;
  };
  return (node) => {
    const promised = picture.nominatedOn(node.facts.name).filter((other) => other.uid !== pod.uid && other.priority >= pod.priority);
    return (promised.length > 0 ? plain(node.with({ add: promised })) : undefined) ?? plain(node);
  };
}

function scoresOf(pod: PodInfo, picture: Picture, nodes: readonly NodeInfo[]): number[] {
  const total = nodes.map(() => 0);
  for (const plugin of plugins) {
    const scores = plugin.score?.(pod, picture, nodes);
    if (scores) for (const [at, score] of scores.entries()) total[at] = (total[at] ?? 0) + score * (plugin.weight ?? 1);
  }
  return total;
}

function best(nodes: readonly NodeInfo[], scores: readonly number[], turn: number): NodeInfo | undefined {
  const highest = Math.max(...scores);
  const ties = nodes.filter((_, at) => scores[at] === highest);
  return ties[turn % ties.length];
}
