/** Rules of what a pod's spec says about where it may run. */
import type { Affinity, NodeSelector, NodeSelectorTerm, PodAffinityTerm, PodSpec, Toleration } from "../../../protocol/kubernetes/generated/types.ts";
import { invalid, invalidFor, notSupported, required } from "./field-errors.ts";
import { labelErrors, labelSelectorErrors } from "../label-selector.ts";
import { labelValueErrors, qualifiedNameErrors } from "./names.ts";
import type { FieldError } from "../resource.ts";

export const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function schedulingErrors(path: string, spec: PodSpec): FieldError[] {
  return [
    ...labelErrors(`${path}.nodeSelector`, spec.nodeSelector),
    ...(spec.tolerations ?? []).flatMap((toleration, at) => tolerationErrors(`${path}.tolerations[${at}]`, toleration)),
    ...affinityErrors(`${path}.affinity`, spec.affinity ?? {}),
    ...spreadErrors(`${path}.topologySpreadConstraints`, spec.topologySpreadConstraints),
  ];
}

export function tolerationErrors(path: string, toleration: Toleration): FieldError[] {
  const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
  const errors = key === "" ? [] : invalidFor(`${path}.key`, key, qualifiedNameErrors(key));
  if (key === "" && operator !== "Exists") {
    const rule = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${path}.operator`, operator, rule));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    errors.push(invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (operator === "Exists" && value !== "") errors.push(invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
  else if (operator === "" || operator === "Equal") errors.push(...invalidFor(`${path}.operator`, value, labelValueErrors(value)));
  else if (operator !== "Exists") errors.push(notSupported(`${path}.operator`, operator, ["Equal", "Exists"]));
  if (effect !== "" && !taintEffects.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, taintEffects));
  return errors;
}

function affinityErrors(path: string, { nodeAffinity, podAffinity, podAntiAffinity }: Affinity): FieldError[] {
  const errors: FieldError[] = [];
  if (nodeAffinity !== undefined) errors.push(...nodeAffinityErrors(`${path}.nodeAffinity`, nodeAffinity));
  for (const [name, affinity] of [["podAffinity", podAffinity], ["podAntiAffinity", podAntiAffinity]] as const) {
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const requiredPath = `${path}.${name}.requiredDuringSchedulingIgnoredDuringExecution`;
    const preferredPath = `${path}.${name}.preferredDuringSchedulingIgnoredDuringExecution`;
    errors.push(...required.flatMap((term, at) => podTermErrors(`${requiredPath}[${at}]`, term)));
    for (const [at, { weight, podAffinityTerm }] of preferred.entries()) {
      errors.push(...weightErrors(`${preferredPath}[${at}].weight`, weight));
      errors.push(...podTermErrors(`${preferredPath}[${at}].podAffinityTerm`, podAffinityTerm));
    }
  }
  return errors;
}

function weightErrors(path: string, weight: number): FieldError[] {
  return weight >= 1 && weight <= 100 ? [] : [invalid(path, weight, "must be in the range 1-100")];
}

function podTermErrors(path: string, { labelSelector, topologyKey }: PodAffinityTerm): FieldError[] {
  const key = topologyKey === "" ? [required(`${path}.topologyKey`, "can not be empty")] : invalidFor(`${path}.topologyKey`, topologyKey, qualifiedNameErrors(topologyKey));
  return [...labelSelectorErrors(`${path}.labelSelector`, labelSelector), ...key];
}

function nodeAffinityErrors(path: string, affinity: NonNullable<Affinity["nodeAffinity"]>): FieldError[] {
  const hard = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const errors = hard === undefined ? [] : nodeSelectorErrors(`${path}.requiredDuringSchedulingIgnoredDuringExecution`, hard);
  for (const [at, { weight, preference }] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const place = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${at}]`;
    errors.push(...weightErrors(`${place}.weight`, weight), ...nodeTermErrors(`${place}.preference`, preference));
  }
  return errors;
}

/** Of pods and of volumes. */
export function nodeSelectorErrors(path: string, { nodeSelectorTerms: terms = [] }: NodeSelector): FieldError[] {
  const place = `${path}.nodeSelectorTerms`;
  if (terms.length === 0) return [required(place, "must have at least one node selector term")];
  return terms.flatMap((term, at) => nodeTermErrors(`${place}[${at}]`, term));
}

const nodeOperators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

function nodeTermErrors(path: string, { matchExpressions = [] }: NodeSelectorTerm): FieldError[] {
  return matchExpressions.flatMap(({ key, operator, values = [] }, at) => {
    const place = `${path}.matchExpressions[${at}]`;
    const errors = invalidFor(`${place}.key`, key, qualifiedNameErrors(key));
    if (!nodeOperators.includes(operator)) return [...errors, invalid(`${place}.operator`, operator, "not a valid selector operator")];
    if ((operator === "In" || operator === "NotIn") && values.length === 0) {
      errors.push(required(`${place}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
    if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0) {
      errors.push(invalid(`${place}.values`, values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
    if ((operator === "Gt" || operator === "Lt") && values.length !== 1) {
      errors.push(required(`${place}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    }
    return errors;
  });
}

const unsatisfiable = ["DoNotSchedule", "ScheduleAnyway"];

function spreadErrors(path: string, constraints: PodSpec["topologySpreadConstraints"]): FieldError[] {
  return (constraints ?? []).flatMap(({ maxSkew, topologyKey, whenUnsatisfiable, labelSelector }, at) => {
    const place = `${path}[${at}]`;
    return [
      ...(maxSkew <= 0 ? [invalid(`${place}.maxSkew`, maxSkew, "must be greater than zero")] : []),
      ...(topologyKey === "" ? [required(`${place}.topologyKey`, "can not be empty")] : []),
      ...(unsatisfiable.includes(whenUnsatisfiable) ? [] : [notSupported(`${place}.whenUnsatisfiable`, whenUnsatisfiable, unsatisfiable)]),
      ...labelSelectorErrors(`${place}.labelSelector`, labelSelector),
    ];
  });
}
