/** Rules of Jobs, on their own and in the templates of CronJobs (pkg/apis/batch/validation). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { Job, JobSpec, PodFailurePolicyRule, PodTemplateSpec } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { matchesSelector } from "../../../protocol/selectors.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { immutableField } from "../rules/data-rules.ts";
import { invalid, invalidFor, nonNegative, notSupported, required, tooMany } from "../rules/field-errors.ts";
import { dns1123LabelErrors } from "../rules/names.ts";
import { templateErrors } from "../rules/pod-rules.ts";

export const nameLabels = ["job-name", "batch.kubernetes.io/job-name"];
export const uidLabels = ["controller-uid", "batch.kubernetes.io/controller-uid"];

export function jobErrors(job: Job): FieldError[] {
  const { spec, metadata } = job;
  if (spec === undefined) return [required("spec.template")];
  const labels = spec.template?.metadata?.labels ?? {};
  return [
    ...selectorErrors(job, labels),
    ...(spec.completionMode === "Indexed" ? hostnameErrors(metadata?.name ?? "", spec) : []),
    ...jobSpecErrors("spec", spec),
  ];
}

function selectorErrors(job: Job, labels: Record<string, string>): FieldError[] {
  const selector = job.spec?.selector;
  const errors = selector === undefined ? [required("spec.selector")] : labelSelectorErrors("spec.selector", selector);
  // A malformed selector is not asked.
  if (errors.length > 0) return errors;
  const isSelecting = matchesSelector(selector, labels);
  const mismatch = isSelecting ? [] : [invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")];
  return [...mismatch, ...generatedSelectorErrors(job, labels)];
}

/** Unless its author selects by hand, a Job's pods carry its name and uid, and are selected by the latter. */
function generatedSelectorErrors({ metadata, spec }: Job, labels: Record<string, string>): FieldError[] {
  if (spec?.manualSelector === true || spec?.selector === undefined) return [];
  const expected = [...uidLabels.map((key) => [key, metadata?.uid ?? ""]), ...nameLabels.map((key) => [key, metadata?.name ?? ""])] as const;
  const wrong = expected.filter(([key = "", value]) => labels[key] !== value);
  const errors = wrong.map(([key = "", value = ""]) => {
    const path = `spec.template.metadata.labels[${key}]`;
    return labels[key] === undefined ? required(path, `must be '${value}'`) : invalid(path, labels[key], `must be '${value}'`);
  });
  const isOwn = matchesSelector(spec.selector, Object.fromEntries(expected));
  return isOwn ? errors : [...errors, invalid("spec.selector", spec.selector, "`selector` not auto-generated")];
}

/** Pods of an indexed Job are called `<job>-<index>`. */
function hostnameErrors(name: string, { completions = 0 }: JobSpec): FieldError[] {
  const last = `${name}-${Math.max(completions - 1, 0)}`;
  return invalidFor("metadata.name", name, dns1123LabelErrors(last).map((why) => `will not able to create pod with invalid DNS label: ${last}: ${why}`)).slice(0, 1);
}

const counts = ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"] as const;
const completionModes = ["Indexed", "NonIndexed"];
const replacementPolicies = ["Failed", "TerminatingOrFailed"];
const mostIndexedAtOnce = 100_000;

export function jobSpecErrors(path: string, spec: JobSpec): FieldError[] {
  const { completionMode, podFailurePolicy, podReplacementPolicy, template } = spec;
  return [
    ...counts.flatMap((field) => nonNegative(`${path}.${field}`, spec[field])),
    ...(completionMode === undefined || completionModes.includes(completionMode)
      ? []
      : [notSupported(`${path}.completionMode`, completionMode, completionModes)]),
    ...indexErrors(path, spec),
    ...templateErrors(`${path}.template`, template),
    ...restartErrors(`${path}.template.spec.restartPolicy`, template, podFailurePolicy !== undefined),
    ...(podFailurePolicy?.rules ?? []).flatMap((rule, at) => failureRuleErrors(`${path}.podFailurePolicy.rules[${at}]`, rule)),
    ...(podReplacementPolicy === undefined || replacementPolicies.includes(podReplacementPolicy)
      ? []
      : [notSupported(`${path}.podReplacementPolicy`, podReplacementPolicy, replacementPolicies)]),
    ...(podFailurePolicy !== undefined && podReplacementPolicy === "TerminatingOrFailed"
      ? [notSupported(`${path}.podReplacementPolicy`, podReplacementPolicy, ["Failed"])]
      : []),
    ...(spec.successPolicy === undefined ? [] : successErrors(path, spec)),
  ];
}

function indexErrors(path: string, spec: JobSpec): FieldError[] {
  const { completionMode, completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  if (completionMode === "Indexed") {
    if (completions === undefined) errors.push(required(`${path}.completions`, "when completion mode is Indexed"));
    if (parallelism > mostIndexedAtOnce) {
      errors.push(invalid(`${path}.parallelism`, parallelism, `must be less than or equal to ${mostIndexedAtOnce} when completion mode is Indexed`));
    }
  } else {
    for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
      if (spec[field] !== undefined) errors.push(invalid(`${path}.${field}`, spec[field], "requires indexed completion mode"));
    }
  }
  if (maxFailedIndexes === undefined) return errors;
  if (backoffLimitPerIndex === undefined) errors.push(required(`${path}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
  if (completions !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, "must be less than or equal to completions"));
  }
  return errors;
}

/** A Job's pods end: who says nothing gets `Always` by default, and this. */
function restartErrors(path: string, template: PodTemplateSpec | undefined, hasFailurePolicy: boolean): FieldError[] {
  const policy = template?.spec?.restartPolicy ?? "";
  if (policy === "Always" || policy === "") return [required(path, 'valid values: "OnFailure", "Never"')];
  return hasFailurePolicy && policy !== "Never" ? [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')] : [];
}

const actions = ["Count", "FailIndex", "FailJob", "Ignore"];
const exitOperators = ["In", "NotIn"];
const statuses = ["False", "True", "Unknown"];
const mostExitCodes = 255;

function failureRuleErrors(path: string, { action, onExitCodes, onPodConditions }: PodFailurePolicyRule): FieldError[] {
  const errors = action === "" ? [required(`${path}.action`, `valid values: ${actions.map((one) => JSON.stringify(one)).join(", ")}`)] : [];
  if (action !== "" && !actions.includes(action)) errors.push(notSupported(`${path}.action`, action, actions));
  if (onExitCodes !== undefined) {
    const { operator, values = [] } = onExitCodes;
    if (!exitOperators.includes(operator)) errors.push(notSupported(`${path}.onExitCodes.operator`, operator, exitOperators));
    errors.push(...exitCodesErrors(`${path}.onExitCodes.values`, operator, values));
  }
  for (const [at, { status = "" }] of (onPodConditions ?? []).entries()) {
    if (!statuses.includes(status)) errors.push(notSupported(`${path}.onPodConditions[${at}].status`, status, statuses));
  }
  const hasConditions = (onPodConditions ?? []).length > 0;
  if (onExitCodes !== undefined && hasConditions) errors.push(invalid(path, "", "specifying both OnExitCodes and OnPodConditions is not supported"));
  if (onExitCodes === undefined && !hasConditions) errors.push(invalid(path, "", "specifying one of OnExitCodes and OnPodConditions is required"));
  return errors;
}

function exitCodesErrors(path: string, operator: string, values: number[]): FieldError[] {
  if (values.length === 0) return [invalid(path, values, "at least one value is required")];
  const errors = values.length > mostExitCodes ? [tooMany(path, values.length, mostExitCodes)] : [];
  for (const [at, value] of values.entries()) {
    if (operator === "In" && value === 0) errors.push(invalid(`${path}[${at}]`, value, "must not be 0 for the In operator"));
    const before = values[at - 1];
    if (before !== undefined && before > value) errors.push(invalid(path, values, "must be ordered"));
    if (before === value) errors.push(invalid(path, values, "must be unique"));
  }
  return errors;
}

function successErrors(path: string, { completionMode, successPolicy }: JobSpec): FieldError[] {
  const place = `${path}.successPolicy`;
  const rules = successPolicy?.rules ?? [];
  if (completionMode !== "Indexed") return [invalid(place, successPolicy, "requires indexed completion mode")];
  if (rules.length === 0) return [required(`${place}.rules`, "at least one rules must be specified when the successPolicy is specified")];
  return rules.flatMap(({ succeededCount, succeededIndexes }, at) => {
    if (succeededCount === undefined && succeededIndexes === undefined) {
      return [required(`${place}.rules[${at}]`, "at least one of succeededCount or succeededIndexes must be specified")];
    }
    return nonNegative(`${place}.rules[${at}].succeededCount`, succeededCount);
  });
}

const fixed = ["selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] as const;

/** Of what a Job does only its pace may change; an indexed one may grow and shrink as a whole. */
export function jobUpdateErrors({ spec }: Job, previous: Stored<Job>): FieldError[] {
  const before = previous.spec;
  if (spec === undefined || before === undefined) return [];
  const isElastic = spec.completionMode === "Indexed" && spec.completions === spec.parallelism && spec.completions !== undefined;
  return [
    ...(isElastic ? [] : immutableField("spec.completions", spec.completions, before.completions)),
    ...fixed.flatMap((field) => immutableField(`spec.${field}`, spec[field], before[field])),
    ...immutableField("spec.template", spec.template, comparable(spec.template, previous)),
  ];
}

const directives = ["nodeSelector", "affinity", "tolerations", "schedulingGates"] as const;

/** The old template; of a Job that is suspended and never began, with the new one's say in where its pods run. */
function comparable(next: PodTemplateSpec, { spec, status }: Stored<Job>): PodTemplateSpec | undefined {
  const before = spec?.template;
  if (spec?.suspend !== true || status?.startTime !== undefined || before === undefined) return before;
  const podSpec: PodTemplateSpec["spec"] = { containers: [], ...before.spec };
  for (const field of directives) {
    if (next.spec?.[field] === undefined) delete podSpec[field];
    else Object.assign(podSpec, { [field]: next.spec[field] });
  }
  return { ...before, ...(next.metadata === undefined ? {} : { metadata: next.metadata }), spec: podSpec };
}

export function jobStatusErrors({ status }: Job): FieldError[] {
  const fields = ["active", "failed", "ready", "succeeded", "terminating"] as const;
  const types = (status?.conditions ?? []).filter((condition) => condition.status === "True").map(({ type }) => type);
  const isBoth = types.includes("Complete") && types.includes("Failed");
  return [
    ...fields.flatMap((field) => nonNegative(`status.${field}`, status?.[field])),
    ...(isBoth ? [invalid("status.conditions", status?.conditions, "cannot set Complete=True and Failed=true conditions")] : []),
  ];
}

/** A condition that says how a Job ended stays. */
export function jobStatusUpdateErrors(next: Job, previous: Stored<Job>): FieldError[] {
  const lasting = (previous.status?.conditions ?? []).filter(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True");
  const lost = lasting.filter((old) => !(next.status?.conditions ?? []).some((one) => one.type === old.type && isEqual(one.status, old.status)));
  return [...jobStatusErrors(next), ...lost.map(({ type }) => invalid("status.conditions", next.status?.conditions ?? [], `cannot disable the terminal ${type}=True condition`))];
}
