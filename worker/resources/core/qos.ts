/** A pod's quality-of-service class (pkg/apis/core/v1/helper/qos). */
import type { Container, PodSpec } from "../../../protocol/kubernetes/generated/types.ts";
import { quantity } from "../../../protocol/quantity.ts";
import { allContainers } from "./pod-defaults.ts";

const counted = ["cpu", "memory"];

export function qosClassOf(spec: PodSpec): "Guaranteed" | "Burstable" | "BestEffort" {
  const containers = allContainers(spec);
  if (!containers.some(hasResources)) return "BestEffort";
  return containers.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

function hasResources({ resources }: Container): boolean {
  return [resources?.limits, resources?.requests].some((list) => counted.some((name) => isSet(list?.[name])));
}

function isGuaranteed({ resources }: Container): boolean {
  return counted.every((name) => {
    const limit = resources?.limits?.[name];
    const request = resources?.requests?.[name] ?? limit;
    return isSet(limit) && isSet(request) && quantity(limit).nano === quantity(request).nano;
  });
}

function isSet(value: string | number | undefined): value is string | number {
  return value !== undefined && quantity(value).nano > 0n;
}
