/** Rules that Deployments, ReplicaSets and StatefulSets share. */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { LabelSelector, PodTemplateSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { matchesSelector } from "../../../protocol/selectors.ts";
import { invalid, nonNegative, required } from "../rules/field-errors.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import { podTemplateErrors } from "../rules/pod-rules.ts";
import type { FieldError } from "../resource.ts";

interface WorkloadSpec {
  replicas?: number;
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}

/** `noun` as upstream's texts have it: `deployment` for ReplicaSets, too. */
export function workloadErrors(spec: WorkloadSpec, kind: string, noun: string): FieldError[] {
  return [
    ...nonNegative("spec.replicas", spec.replicas),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
    ...selectorErrors(spec, noun),
    ...podTemplateErrors("spec.template", spec.template, kind),
  ];
}

function selectorErrors({ selector, template }: WorkloadSpec, noun: string): FieldError[] {
  const errors = selector === undefined ? [required("spec.selector")] : labelSelectorErrors("spec.selector", selector);
  if (selector !== undefined && isEmpty(selector)) {
    return [...errors, invalid("spec.selector", selector, `empty selector is invalid for ${noun}`)];
  }
  // An absent selector matches nothing; a malformed one is not asked.
  if (selector !== undefined && errors.length > 0) return errors;
  const labels = template?.metadata?.labels ?? {};
  if (matchesSelector(selector, labels)) return errors;
  return [...errors, invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")];
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

export function immutableSelector(next: { spec?: WorkloadSpec }, previous: { spec?: WorkloadSpec }): FieldError[] {
  const [selector, before] = [next.spec?.selector, previous.spec?.selector];
  return isEqual(selector, before) ? [] : [invalid("spec.selector", selector, "field is immutable")];
}

const percentRule =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for " +
  "validation is '[0-9]+%')";

/** A count of pods or a share of them. */
export function intOrPercentErrors(path: string, value: string | number | undefined): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === "number") return nonNegative(path, value);
  return /^[0-9]+%$/.test(value) ? [] : [invalid(path, value, percentRule)];
}

export function atMostAll(path: string, value: string | number | undefined): FieldError[] {
  const isMore = typeof value === "string" && Number.parseInt(value, 10) > 100;
  return isMore ? [invalid(path, value, "must not be greater than 100%")] : [];
}
