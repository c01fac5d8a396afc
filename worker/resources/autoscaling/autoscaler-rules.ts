/** Rules of HorizontalPodAutoscalers, as they are stored (pkg/apis/autoscaling/validation). */
import type {
  AutoscalingV2HorizontalPodAutoscaler as HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from "../../../protocol/kubernetes/generated/types.ts";
import { quantity } from "../../../protocol/quantity.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { forbidden, invalid, invalidFor, notSupported, required } from "../rules/field-errors.ts";
import { pathSegmentNameErrors } from "../rules/names.ts";

export function autoscalerErrors({ spec }: HorizontalPodAutoscaler): FieldError[] {
  if (spec === undefined) return [required("spec.scaleTargetRef.kind")];
  const { minReplicas, maxReplicas, behavior } = spec;
  return [
    ...(minReplicas !== undefined && minReplicas < 1 ? [invalid("spec.minReplicas", minReplicas, "must be greater than or equal to 1")] : []),
    ...(maxReplicas < 1 ? [invalid("spec.maxReplicas", maxReplicas, "must be greater than 0")] : []),
    ...(minReplicas !== undefined && maxReplicas < minReplicas
      ? [invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`")]
      : []),
    ...referenceErrors("spec.scaleTargetRef", spec.scaleTargetRef),
    ...(spec.metrics ?? []).flatMap((metric, at) => metricErrors(`spec.metrics[${at}]`, metric)),
    ...(["scaleUp", "scaleDown"] as const).flatMap((direction) => scalingErrors(`spec.behavior.${direction}`, behavior?.[direction])),
  ];
}

function referenceErrors(path: string, { kind, name }: { kind: string; name: string }): FieldError[] {
  return [
    ...(kind ? invalidFor(`${path}.kind`, kind, pathSegmentNameErrors(kind)) : [required(`${path}.kind`)]),
    ...(name ? invalidFor(`${path}.name`, name, pathSegmentNameErrors(name)) : [required(`${path}.name`)]),
  ];
}

/** Each type of metric, and the field that tells of it. */
const fieldOfType = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
} as const;

const types = Object.keys(fieldOfType) as (keyof typeof fieldOfType)[];

function metricErrors(path: string, metric: MetricSpec): FieldError[] {
  if (metric.type === "") return [required(`${path}.type`, "must specify a metric source type")];
  const type = types.find((one) => one === metric.type);
  if (type === undefined) return [notSupported(`${path}.type`, metric.type, types)];
  const expected = fieldOfType[type];
  const others = Object.values(fieldOfType).filter((field) => field !== expected && metric[field] !== undefined);
  return [
    ...(metric[expected] === undefined ? [required(`${path}.${expected}`, "must populate information for the given metric source")] : []),
    ...others.map((field) => forbidden(`${path}.${field}`, "must populate the given metric source only")),
    ...sourceErrors(path, metric),
  ];
}

function sourceErrors(path: string, { resource, containerResource, pods, object, external }: MetricSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (resource !== undefined) errors.push(...resourceErrors(`${path}.resource`, resource));
  if (containerResource !== undefined) {
    const place = `${path}.containerResource`;
    errors.push(...resourceErrors(place, containerResource));
    if (containerResource.container === "") errors.push(required(`${place}.container`, "must specify a container"));
  }
  if (pods !== undefined) {
    errors.push(...identifierErrors(`${path}.pods.metric`, pods.metric), ...targetErrors(`${path}.pods.target`, pods.target));
    if (pods.target.averageValue === undefined) errors.push(required(`${path}.pods.target.averageValue`, "must specify a positive target averageValue"));
  }
  if (object !== undefined) {
    errors.push(...referenceErrors(`${path}.object.describedObject`, object.describedObject), ...identifierErrors(`${path}.object.metric`, object.metric));
    errors.push(...valueErrors(`${path}.object.target`, object.target, "must set either a target value or averageValue"));
  }
  if (external !== undefined) {
    errors.push(...identifierErrors(`${path}.external.metric`, external.metric));
    errors.push(...valueErrors(`${path}.external.target`, external.target, "must set either a target value for metric or a per-pod target"));
  }
  return errors;
}

function identifierErrors(path: string, { name, selector }: MetricIdentifier): FieldError[] {
  const errors = name === "" ? [required(`${path}.name`, "must specify a metric name")] : invalidFor(`${path}.name`, name, pathSegmentNameErrors(name));
  return [...errors, ...labelSelectorErrors(`${path}.selector`, selector)];
}

function resourceErrors(path: string, { name, target }: { name: string; target: MetricTarget }): FieldError[] {
  const errors = name === "" ? [required(`${path}.name`, "must specify a resource name")] : [];
  errors.push(...targetErrors(`${path}.target`, target));
  const [hasUtilization, hasValue] = [target.averageUtilization !== undefined, target.averageValue !== undefined];
  const place = `${path}.target`;
  if (!hasUtilization && !hasValue) errors.push(required(`${place}.averageUtilization`, "must set either a target raw value or a target utilization"));
  if (hasUtilization && hasValue) errors.push(forbidden(`${place}.averageValue`, "may not set both a target raw value and a target utilization"));
  return errors;
}

function valueErrors(path: string, target: MetricTarget, missing: string): FieldError[] {
  const errors = targetErrors(path, target);
  const [hasValue, hasAverage] = [target.value !== undefined, target.averageValue !== undefined];
  if (!hasValue && !hasAverage) errors.push(required(`${path}.averageValue`, missing));
  if (hasValue && hasAverage) errors.push(forbidden(`${path}.value`, "may not set both a target value for metric and a per-pod target"));
  return errors;
}

const targetTypes = ["Utilization", "Value", "AverageValue"];

function targetErrors(path: string, { type, value, averageValue, averageUtilization }: MetricTarget): FieldError[] {
  const errors = type === "" ? [required(`${path}.type`, "must specify a metric target type")] : [];
  if (type !== "" && !targetTypes.includes(type)) errors.push(invalid(`${path}.type`, type, "must be either Utilization, Value, or AverageValue"));
  for (const [field, amount] of Object.entries({ value, averageValue })) {
    if (amount !== undefined && quantity(amount).nano <= 0n) errors.push(invalid(`${path}.${field}`, amount, "must be positive"));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${path}.averageUtilization`, averageUtilization, "must be greater than 0"));
  }
  return errors;
}

const longestWindowSeconds = 3600;
const longestPeriodSeconds = 1800;
const selectPolicies = ["Disabled", "Max", "Min"];
const policyTypes = ["Percent", "Pods"];

function scalingErrors(path: string, rules: HPAScalingRules | undefined): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  if (window !== undefined && window < 0) errors.push(invalid(`${path}.stabilizationWindowSeconds`, window, "must be greater than or equal to zero"));
  if (window !== undefined && window > longestWindowSeconds) {
    errors.push(invalid(`${path}.stabilizationWindowSeconds`, window, `must be less than or equal to ${longestWindowSeconds}`));
  }
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, selectPolicies));
  if (policies.length === 0) errors.push(required(`${path}.policies`, "must specify at least one Policy"));
  if (tolerance !== undefined && quantity(tolerance).nano < 0n) errors.push(invalid(`${path}.tolerance`, tolerance, "must be greater than or equal to 0"));
  return [...errors, ...policies.flatMap((policy, at) => scalingPolicyErrors(`${path}.policies[${at}]`, policy))];
}

function scalingPolicyErrors(path: string, { type, value, periodSeconds }: HPAScalingPolicy): FieldError[] {
  return [
    ...(policyTypes.includes(type) ? [] : [notSupported(`${path}.type`, type, policyTypes)]),
    ...(value <= 0 ? [invalid(`${path}.value`, value, "must be greater than zero")] : []),
    ...(periodSeconds <= 0 ? [invalid(`${path}.periodSeconds`, periodSeconds, "must be greater than zero")] : []),
    ...(periodSeconds > longestPeriodSeconds
      ? [invalid(`${path}.periodSeconds`, periodSeconds, `must be less than or equal to ${longestPeriodSeconds}`)]
      : []),
  ];
}
