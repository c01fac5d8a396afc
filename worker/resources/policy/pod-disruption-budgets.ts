/** PodDisruptionBudgets: how many pods must be left when somebody evicts some. */
import type { PodDisruptionBudget } from "../../../protocol/kubernetes/generated/types.ts";
import { atMostAll, intOrPercentErrors } from "../apps/workload-rules.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { indexSelector, labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { invalid, nonNegative, notSupported } from "../rules/field-errors.ts";
import { statusStrategy } from "../status-strategy.ts";

const counts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;

export const podDisruptionBudgets = defineResource<PodDisruptionBudget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  shortNames: ["pdb"],
  schema: "io.k8s.api.policy.v1.PodDisruptionBudget",
  hasGeneration: true,
  needsResourceVersion: true,
  prepareForCreate(budget) {
    budget.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
  },
  validate: budgetErrors,
  subresources: {
    status: statusStrategy<PodDisruptionBudget>(({ status }) => counts.flatMap((field) => nonNegative(`status.${field}`, status?.[field]))),
  },
  columns: [
    nameColumn,
    column<PodDisruptionBudget>("Min Available", "Pods that must be left.", ({ spec }) => String(spec?.minAvailable ?? "N/A")),
    column<PodDisruptionBudget>("Max Unavailable", "Pods that may be missing.", ({ spec }) => String(spec?.maxUnavailable ?? "N/A")),
    column<PodDisruptionBudget>("Allowed Disruptions", "Pods that may be evicted now.", ({ status }) => status?.disruptionsAllowed ?? 0, integer),
    ageColumn,
  ],
  selector: ({ spec }) => indexSelector(spec?.selector),
  isSettled: ({ metadata, status }) => status?.observedGeneration === metadata.generation,
});

const policies = ["AlwaysAllow", "IfHealthyBudget"];

function budgetErrors({ spec = {} }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const amount = (path: string, value: string | number | undefined) => [...intOrPercentErrors(path, value), ...atMostAll(path, value)];
  return [
    ...(minAvailable !== undefined && maxUnavailable !== undefined
      ? [invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")]
      : []),
    ...amount("spec.minAvailable", minAvailable),
    ...amount("spec.maxUnavailable", maxUnavailable),
    ...labelSelectorErrors("spec.selector", selector),
    ...(policy === undefined || policies.includes(policy) ? [] : [notSupported("spec.unhealthyPodEvictionPolicy", policy, policies)]),
  ];
}
