import { maxNodeScore, type Plugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";

const balanced = ["cpu", "memory"];

/** Likes nodes whose cpu and memory would be used to a like degree. Pods that ask for nothing unbalance nothing. */
export const balancedAllocation: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  weight: 1,
  score: (pod, _picture, nodes) => {
    if (balanced.every((name) => (pod.requests.get(name) ?? 0) === 0)) return undefined;
    return nodes.map((node) => balanceOf(pod, node));
  },
};

function balanceOf(pod: PodInfo, { facts, requested }: NodeInfo): number {
  const fractions = balanced.flatMap((name) => {
    const allocatable = facts.allocatable.get(name) ?? 0;
    if (allocatable === 0) return [];
    return [Math.min(1, ((requested.get(name) ?? 0) + (pod.requests.get(name) ?? 0)) / allocatable)];
  });
  const [first = 0, second = first] = fractions;
  return Math.floor((1 - Math.abs(first - second) / 2) * maxNodeScore);
}
