/** Rules of Deployments (pkg/apis/apps/validation). */
import type { Deployment, DeploymentStrategy } from "../../../protocol/kubernetes/generated/types.ts";
import { forbidden, invalid, nonNegative, oneOf, required } from "../rules/field-errors.ts";
import type { FieldError } from "../resource.ts";
import { atMostAll, intOrPercentErrors, workloadErrors } from "./workload-rules.ts";

export function deploymentErrors({ spec }: Deployment): FieldError[] {
  if (spec === undefined) return [required("spec.selector")];
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  const errors = [...workloadErrors(spec, "Deployment", "deployment"), ...strategyErrors(spec.strategy ?? {})];
  errors.push(...nonNegative("spec.progressDeadlineSeconds", deadline));
  if (deadline !== undefined && deadline <= minReadySeconds) {
    errors.push(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
  }
  return errors;
}

function strategyErrors({ type, rollingUpdate }: DeploymentStrategy): FieldError[] {
  const errors = oneOf("spec.strategy.type", type, ["Recreate", "RollingUpdate"]);
  if (type === "Recreate" && rollingUpdate !== undefined) {
    errors.push(forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
  }
  if (type !== "RollingUpdate") return errors;
  const { maxSurge, maxUnavailable } = rollingUpdate ?? {};
  const path = "spec.strategy.rollingUpdate";
  errors.push(...intOrPercentErrors(`${path}.maxUnavailable`, maxUnavailable), ...intOrPercentErrors(`${path}.maxSurge`, maxSurge));
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  }
  return [...errors, ...atMostAll(`${path}.maxUnavailable`, maxUnavailable)];
}

const isZero = (value: string | number | undefined): boolean => value === 0 || value === "0%";
