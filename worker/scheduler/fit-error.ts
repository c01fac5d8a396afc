/** Why a pod fits nowhere, in kube-scheduler's words: users read them, and tools match them. */
import type { Refusal } from "./framework.ts";

export const noNodes = "no nodes available to schedule pods";

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …` */
export function fitErrorMessage(nodeCount: number, refusals: Iterable<Refusal>, postFilter: string = ""): string {
  const counts = new Map<string, number>();
  for (const { reasons } of refusals) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const histogram = [...counts].map(([reason, count]) => `${count} ${reason}`).toSorted(byCodeUnits);
  const filtered = histogram.length === 0 ? "" : ` ${histogram.join(", ")}.`;
  return `0/${nodeCount} nodes are available:${filtered}${postFilter === "" ? "" : ` ${postFilter}`}`;
}

/** Go's string order. */
const byCodeUnits = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
