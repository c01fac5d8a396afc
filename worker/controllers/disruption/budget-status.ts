/** How many of the pods that a budget selects may be missing (k8s.io/kubernetes/pkg/controller/disruption). */
import type { Pod, PodDisruptionBudget } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { withCondition } from "../conditions.ts";
import { scaledValue } from "../int-or-string.ts";
import { isDeleting } from "../owner-references.ts";
import { isReady } from "../pod-state.ts";

export interface BudgetSnapshot {
  budget: Stored<PodDisruptionBudget> | undefined;
  /** Those that the selector matches. */
  pods: Stored<Pod>[];
  /** Pods that the controllers of these pods want, all together; a text: why nobody can tell. */
  expectedScale: number | { failure: string };
  now: number;
}

type Status = NonNullable<PodDisruptionBudget["status"]>;
type Counts = { expectedPods: number; desiredHealthy: number };

/** So long an eviction may take until a pod's end shows; then the pod counts as one that stays. */
export const deletionTimeoutMs = 120_000;

/** When each of the pods that were evicted, and whose end does not show yet, will have had its time. */
export function awaitedEnds({ status }: Stored<PodDisruptionBudget>, pods: Stored<Pod>[]): { pod: Stored<Pod>; since: string; until: number }[] {
  return pods.filter((pod) => !isDeleting(pod)).flatMap((pod) => {
    const since = status?.disruptedPods?.[pod.metadata.name];
    return since === undefined ? [] : [{ pod, since, until: Date.parse(since) + deletionTimeoutMs }];
  });
}

export function budgetStatus(budget: Stored<PodDisruptionBudget>, { pods, expectedScale, now }: BudgetSnapshot): Status {
  const awaited = awaitedEnds(budget, pods).filter(({ until }) => until > now);
  const disruptedPods = Object.fromEntries(awaited.map(({ pod, since }) => [pod.metadata.name, since]));
  const counts = countsOf(budget.spec ?? {}, pods.length, expectedScale);
  if ("failure" in counts) return failed(budget, counts.failure, now);
  const { expectedPods, desiredHealthy } = counts;
  const currentHealthy = pods.filter((pod) => !isDeleting(pod) && isReady(pod) && disruptedPods[pod.metadata.name] === undefined).length;
  const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  return {
    conditions: conditionsOf(budget, disruptionsAllowed, now),
    currentHealthy,
    desiredHealthy,
    ...(awaited.length === 0 ? {} : { disruptedPods }),
    disruptionsAllowed,
    expectedPods,
    ...generationOf(budget),
  };
}

/** A share, or what may be missing, is of what the controllers want; a plain number needs nobody's word. */
function countsOf({ minAvailable, maxUnavailable }: NonNullable<PodDisruptionBudget["spec"]>, podCount: number, scale: BudgetSnapshot["expectedScale"]): Counts | { failure: string } {
  if (maxUnavailable === undefined && typeof minAvailable !== "string") return { expectedPods: podCount, desiredHealthy: minAvailable ?? 0 };
  if (typeof scale !== "number") return scale;
  const desired = maxUnavailable === undefined ? scaledValue(minAvailable, scale, "up") : scale - scaledValue(maxUnavailable, scale, "up");
  return { expectedPods: scale, desiredHealthy: Math.max(0, desired) };
}

const conditionType = "DisruptionAllowed";
type Conditions = NonNullable<Status["conditions"]>;

/** Also for whoever takes one of the disruptions that were allowed. */
export function conditionsOf(budget: Stored<PodDisruptionBudget>, disruptionsAllowed: number, now: number): Conditions {
  const word = disruptionsAllowed > 0 ? { status: "True", reason: "SufficientPods" } : { status: "False", reason: "InsufficientPods" };
  return conditionedBy(budget, { ...word, message: "" }, now);
}

function conditionedBy(budget: Stored<PodDisruptionBudget>, word: { status: string; reason: string; message: string }, now: number): Conditions {
  const condition = { type: conditionType, ...word, lastTransitionTime: "", ...generationOf(budget) };
  return withCondition<Conditions[number]>(budget.status?.conditions, condition, now);
}

const generationOf = ({ metadata }: Stored<PodDisruptionBudget>): { observedGeneration?: number } =>
  metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };

/** What cannot be counted allows nothing. */
function failed(budget: Stored<PodDisruptionBudget>, failure: string, now: number): Status {
  const before = budget.status ?? { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
  const conditions = conditionedBy(budget, { status: "False", reason: "SyncFailed", message: failure }, now);
  return { ...before, conditions, disruptionsAllowed: 0, ...generationOf(budget) };
}
