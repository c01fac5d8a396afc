/** One round of the scheduler: every pod that is due, most important first, each seeing where the last one went. */
import { fitErrorMessage, noNodes } from "./fit-error.ts";
import type { Picture } from "./picture.ts";
import type { PodInfo } from "./pod-info.ts";
import { preempt } from "./preemption.ts";
import { scheduleOne } from "./schedule-one.ts";

export type Decision =
  | { type: "bind"; pod: PodInfo; node: string }
  | { type: "unschedulable"; pod: PodInfo; message: string; nominatedNodeName: string; victims: PodInfo[] };

/** PrioritySort: by priority, then by age. */
export function inOrder(pods: PodInfo[]): PodInfo[] {
  return pods.toSorted((left, right) => right.priority - left.priority
    || compare(left.createdAt, right.createdAt)
    || compare(left.key, right.key));
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Places what it can; the picture then holds the placements already. */
export function scheduleRound(pods: PodInfo[], picture: Picture): Decision[] {
  return inOrder(pods).map((pod, turn) => {
    if (picture.nodes.size === 0) return { type: "unschedulable", pod, message: noNodes, nominatedNodeName: "", victims: [] };
    const placement = scheduleOne(pod, picture, turn);
    if ("node" in placement) {
      picture.setPod({ ...pod, nodeName: placement.node });
      return { type: "bind", pod, node: placement.node };
    }
    return makeRoom(pod, picture, placement.refusals);
  });
}

function makeRoom(pod: PodInfo, picture: Picture, refusals: Parameters<typeof preempt>[2]): Decision {
  const found = preempt(pod, picture, refusals);
  const count = picture.nodes.size;
  if ("message" in found) {
    const message = fitErrorMessage(count, refusals.values(), found.message);
    const nominatedNodeName = found.keepsNomination ? pod.nominatedNodeName : "";
    return { type: "unschedulable", pod, message, nominatedNodeName, victims: [] };
  }
  picture.setPod({ ...pod, nominatedNodeName: found.node });
  for (const victim of found.victims) picture.setPod({ ...victim, isDeleting: true });
  const message = fitErrorMessage(count, refusals.values());
  return { type: "unschedulable", pod, message, nominatedNodeName: found.node, victims: found.victims };
}
