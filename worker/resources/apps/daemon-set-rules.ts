/** Rules of DaemonSets (pkg/apis/apps/validation). */
import type { DaemonSet, DaemonSetUpdateStrategy } from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { invalid, notSupported, required } from "../rules/field-errors.ts";
import { atMostAll, intOrPercentErrors, workloadErrors } from "./workload-rules.ts";

export function daemonSetErrors({ spec }: DaemonSet): FieldError[] {
  if (spec === undefined) return [required("spec.selector")];
  return [...workloadErrors(spec, "DaemonSet", "daemonset"), ...strategyErrors(spec.updateStrategy ?? {})];
}

const types = ["OnDelete", "RollingUpdate"];

function strategyErrors({ type = "", rollingUpdate }: DaemonSetUpdateStrategy): FieldError[] {
  if (!types.includes(type)) return [notSupported("spec.updateStrategy", type, types)];
  if (type === "OnDelete") return [];
  const path = "spec.updateStrategy.rollingUpdate";
  if (rollingUpdate === undefined) return [required(path)];
  const { maxSurge, maxUnavailable } = rollingUpdate;
  const errors = [
    ...intOrPercentErrors(`${path}.maxUnavailable`, maxUnavailable),
    ...intOrPercentErrors(`${path}.maxSurge`, maxSurge),
    ...atMostAll(`${path}.maxUnavailable`, maxUnavailable),
    ...atMostAll(`${path}.maxSurge`, maxSurge),
  ];
  const [hasUnavailable, hasSurge] = [isSome(maxUnavailable), isSome(maxSurge)];
  if (hasUnavailable && hasSurge) errors.push(invalid(`${path}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero"));
  if (!hasUnavailable && !hasSurge) errors.push(required(`${path}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  return errors;
}

const isSome = (value: string | number | undefined): boolean => value !== undefined && Number.parseInt(String(value), 10) !== 0;
