/** PodSecurity on a namespace's new labels: warns of the pods that are there and would be refused now. */
import type { Pod, PodSpec } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { asksForNothing, policyOf, textOf, violationsOf } from "../registry/admission/pod-security/levels.ts";
import { objectOf } from "../registry/text.ts";
import { pods } from "../resources/core/pods.ts";
import type { Store } from "../storage/store.ts";

/** So many are looked at; the write does not wait for more. */
const mostPods = 500;

export async function warningsOfExistingPods(current: KubernetesObject, next: KubernetesObject, store: Pick<Store, "list">): Promise<string[]> {
  const [before, policy] = [current, next].map(({ metadata }) => policyOf(metadata?.labels, "enforce"));
  if (policy === undefined || isEqual(before, policy) || asksForNothing(policy)) return [];
  const namespace = next.metadata?.name ?? "";
  const page = await store.list({ resource: "pods", namespace, limit: mostPods });
  const all = "expired" in page ? [] : page.items.map((stored) => objectOf<Pod>(pods, stored));
  const found = all.flatMap((pod) => {
    if (!hasSpec(pod)) return [];
    const reasons = violationsOf(pod, policy).map(({ reason }) => reason).join(", ");
    return reasons === "" ? [] : [{ name: pod.metadata?.name ?? "", reasons }];
  });
  if (found.length === 0) return [];
  const head = `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(textOf(policy))}`;
  const isPartial = "next" in page && page.next !== undefined;
  return [head, ...grouped(found), ...(isPartial ? [`new PodSecurity enforce level only checked against the first ${mostPods} of ${mostPods + (page.remaining ?? 0)} existing pods`] : [])];
}

const hasSpec = (pod: Pod): pod is Pod & { spec: PodSpec } => pod.spec !== undefined;

/** `a (and 2 other pods): privileged`: one sentence for each set of reasons. */
function grouped(found: { name: string; reasons: string }[]): string[] {
  const byReasons = Map.groupBy(found, ({ reasons }) => reasons);
  return [...byReasons].map(([reasons, same]) => {
    const [first = ""] = same.map(({ name }) => name).toSorted();
    const others = same.length - 1;
    const more = others === 0 ? "" : others === 1 ? " (and 1 other pod)" : ` (and ${others} other pods)`;
    return `${first}${more}: ${reasons}`;
  });
}
