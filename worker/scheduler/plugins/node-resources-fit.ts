import { maxNodeScore, type Plugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";

/** Requests fit into what is left of allocatable; of the nodes that do, the emptiest is liked best (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: "NodeResourcesFit",
  weight: 1,
  filter: (pod) => (node) => {
    const { allocatable, maxPods } = node.facts;
    const reasons: string[] = node.pods.size + 1 > maxPods ? ["Too many pods"] : [];
    let isUnresolvable = false;
    for (const [name, wanted] of pod.requests) {
      const has = allocatable.get(name) ?? 0;
      if (wanted === 0 || wanted <= has - (node.requested.get(name) ?? 0)) continue;
      reasons.push(`Insufficient ${name}`);
      isUnresolvable ||= wanted > has;
    }
    return reasons.length === 0 ? undefined : { reasons, isUnresolvable };
  },
  score: (pod, _picture, nodes) => nodes.map((node) => leastAllocated(pod, node)),
};

function leastAllocated(pod: PodInfo, node: NodeInfo): number {
  const shares = [
    free(node.facts.allocatable.get("cpu") ?? 0, node.assumedMilliCpu + pod.assumed.milliCpu),
    free(node.facts.allocatable.get("memory") ?? 0, node.assumedMemoryBytes + pod.assumed.memoryBytes),
  ].filter((share) => share !== undefined);
  return shares.length === 0 ? 0 : Math.floor(shares.reduce((sum, share) => sum + share, 0) / shares.length);
}

function free(allocatable: number, requested: number): number | undefined {
  if (allocatable === 0) return undefined;
  return requested > allocatable ? 0 : Math.floor(((allocatable - requested) * maxNodeScore) / allocatable);
}
