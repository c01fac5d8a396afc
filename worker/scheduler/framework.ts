/** What a plugin is (kube-scheduler's framework, as far as it is used here). A plugin is one small pure file. */
import type { NodeInfo } from "./node-info.ts";
import type { Picture } from "./picture.ts";
import type { PodInfo } from "./pod-info.ts";

/** Why a node will not do. */
export interface Refusal {
  /** In kube-scheduler's words; counted over all nodes. */
  reasons: string[];
  /** True: removing pods from the node would not help. */
  isUnresolvable: boolean;
}

/** Undefined: the node will do. */
export type NodeFilter = (node: NodeInfo) => Refusal | undefined;

export interface Plugin {
  /** kube-scheduler's name of it. */
  name: string;
  /** Prepares for one pod; undefined: the pod has nothing that this plugin looks at. */
  filter?(pod: PodInfo, picture: Picture): NodeFilter | undefined;
  /** 0 … 100 for each of the feasible nodes, in their order, already normalized; undefined: no opinion. */
  score?(pod: PodInfo, picture: Picture, nodes: readonly NodeInfo[]): number[] | undefined;
  /** Of the score. */
  weight?: number;
}

export const maxNodeScore = 100;

export const unresolvable = (...reasons: string[]): Refusal => ({ reasons, isUnresolvable: true });
export const resolvable = (...reasons: string[]): Refusal => ({ reasons, isUnresolvable: false });

/** Scales to 0 … 100 by the highest; `isReversed`: the highest becomes the worst. */
export function normalized(scores: number[], { isReversed }: { isReversed: boolean }): number[] {
  const highest = Math.max(0, ...scores);
  if (highest === 0) return scores.map(() => (isReversed ? maxNodeScore : 0));
  return scores.map((score) => {
    const scaled = Math.floor((score * maxNodeScore) / highest);
    return isReversed ? maxNodeScore - scaled : scaled;
  });
}
