/** Making room for a pod by evicting pods of lower priority: DefaultPreemption, as far as no budget speaks. */
import { fitErrorMessage } from "./fit-error.ts";
import { unresolvable, type Refusal } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Picture } from "./picture.ts";
import type { PodInfo } from "./pod-info.ts";
import { filterOf } from "./schedule-one.ts";

export type Preemption =
  | { node: string; victims: PodInfo[] }
  /** Nothing helps (now); `preemption: …` as it is told after the fit error. */
  | { message: string; keepsNomination: boolean };

export function preempt(pod: PodInfo, picture: Picture, refusals: ReadonlyMap<string, Refusal>): Preemption {
  if (!pod.mayPreempt) return { message: "preemption: not eligible due to preemptionPolicy=Never.", keepsNomination: true };
  const promised = picture.nodes.get(pod.nominatedNodeName);
  if (promised && [...promised.pods.values()].some((other) => other.isDeleting && other.priority < pod.priority)) {
    // Room is being made already.
    return { message: "preemption: not eligible due to a terminating pod on the nominated node.", keepsNomination: true };
  }
  const why = new Map<string, Refusal>();
  const candidates: Candidate[] = [];
  for (const node of picture.nodes.values()) {
    const found = refusals.get(node.facts.name)?.isUnresolvable === true
      ? unresolvable("Preemption is not helpful for scheduling")
      : victimsOn(node, pod, picture);
    if ("reasons" in found) why.set(node.facts.name, found);
    else candidates.push(found);
  }
  const [chosen] = candidates.toSorted(compareCandidates);
  if (chosen) return { node: chosen.node, victims: chosen.victims };
  return { message: `preemption: ${fitErrorMessage(picture.nodes.size, why.values())}`, keepsNomination: false };
}

interface Candidate {
  node: string;
  victims: PodInfo[];
}

/** Takes away every pod of lower priority, then gives back as many as fit, the most important ones first. */
function victimsOn(node: NodeInfo, pod: PodInfo, picture: Picture): Candidate | Refusal {
  const lower = [...node.pods.values()].filter((other) => other.priority < pod.priority).toSorted(byImportance);
  if (lower.length === 0) return unresolvable("No preemption victims found for incoming pod");
  const fits = trial(node, pod, picture);
  const refusal = fits(lower);
  if (refusal) return refusal;
  let victims = lower;
  for (const candidate of lower) {
    const fewer = victims.filter((victim) => victim !== candidate);
    if (!fits(fewer)) victims = fewer;
  }
  return { node: node.facts.name, victims };
}

/** What refuses the pod if these were gone. Only plugins that look beyond the node need a picture without them. */
function trial(node: NodeInfo, pod: PodInfo, picture: Picture): (removed: PodInfo[]) => Refusal | undefined {
  const looksAround = pod.affinity.length + pod.antiAffinity.length > 0 || pod.spread.some(({ isHard }) => isHard);
  if (looksAround || picture.hasAntiAffinity()) {
    return (removed) => {
      const tried = node.with({ remove: removed });
      return filterOf(pod, picture.withNode(tried))(tried);
    };
  }
  const refuse = filterOf(pod, picture);
  return (removed) => refuse(node.with({ remove: removed }));
}

/** Lowest highest priority, lowest sum, fewest victims, latest start of the most important one. */
function compareCandidates(left: Candidate, right: Candidate): number {
  const [first, second] = [highest(left), highest(right)];
  return first - second
    || sumOf(left) - sumOf(right)
    || left.victims.length - right.victims.length
    || (startOf(right) < startOf(left) ? -1 : startOf(right) > startOf(left) ? 1 : 0);
}

const highest = ({ victims }: Candidate): number => Math.max(...victims.map(({ priority }) => priority));
/** Shifted, so that many victims of negative priority do not look cheaper than one. */
const sumOf = ({ victims }: Candidate): number => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0);

function startOf(candidate: Candidate): string {
  const top = highest(candidate);
  return candidate.victims.filter(({ priority }) => priority === top).map(({ startedAt }) => startedAt).toSorted()[0] ?? "";
}

/** Higher priority first, then the one that runs longer. */
function byImportance(left: PodInfo, right: PodInfo): number {
  return right.priority - left.priority || (left.startedAt < right.startedAt ? -1 : left.startedAt > right.startedAt ? 1 : 0);
}
