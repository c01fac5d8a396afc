/** Label selectors as the index and the API's `LabelSelector` carry them, matched against labels. */
import type { LabelSelector } from "../../protocol/kubernetes/generated/types.ts";
import type { LabelRequirement, ObjectIndex } from "../storage/store.ts";

type Labels = Record<string, string>;
/** The index' form and the API's form differ only in how precisely the operator is typed. */
type Selector = LabelSelector | ObjectIndex["selector"];

/** An absent or empty selector selects nothing: no controller here may own everything in a namespace by accident. */
export function selects(selector: Selector | undefined, labels: Labels | undefined): boolean {
  const equalities = Object.entries(selector?.matchLabels ?? {});
  const expressions = selector?.matchExpressions ?? [];
  if (equalities.length + expressions.length === 0) return false;
  const present = labels ?? {};
  return equalities.every(([key, value]) => present[key] === value)
    && expressions.every((expression) => meets(expression, present));
}

function meets(expression: { key: string; operator: string; values?: string[] }, labels: Labels): boolean {
  const value = labels[expression.key];
  switch (expression.operator) {
    case "In":
      return value !== undefined && (expression.values ?? []).includes(value);
    case "NotIn":
      return value === undefined || !(expression.values ?? []).includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}

/** The same selector as requirements of a list query; undefined for a selector that selects nothing. */
export function requirementsOf(selector: LabelSelector | undefined): LabelRequirement[] | undefined {
  const requirements: LabelRequirement[] = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: "In",
    values: [value],
  }));
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    if (!isOperator(operator)) return undefined;
    requirements.push({ key, operator, ...(values === undefined ? {} : { values }) });
  }
  return requirements.length === 0 ? undefined : requirements;
}

function isOperator(operator: string): operator is LabelRequirement["operator"] {
  return operator === "In" || operator === "NotIn" || operator === "Exists" || operator === "DoesNotExist";
}
