/** What may change in a pod that exists (pkg/apis/core/validation: ValidatePodUpdate). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { Container, Pod, PodSpec, Toleration } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { imageErrors } from "./container-rules.ts";
import { forbidden, invalid } from "./field-errors.ts";
import type { FieldError } from "../resource.ts";

const onlyThese =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

export function podUpdateErrors(next: Pod, previous: Stored<Pod>): FieldError[] {
  const [spec, before] = [next.spec, previous.spec];
  // A spec without containers is refused by the rules of every pod.
  if (spec?.containers === undefined || before?.containers === undefined) return [];
  const errors = countErrors(spec, before);
  if (errors.length > 0) return errors;
  errors.push(...spec.containers.flatMap(({ image = "" }, at) => imageErrors(`spec.containers[${at}].image`, image)));
  errors.push(...deadlineErrors(spec, before), ...tolerationErrors(spec.tolerations ?? [], before.tolerations ?? []));
  if (errors.length === 0 && !isEqual(withAllowedChanges(spec, before), before)) errors.push(forbidden("spec", onlyThese));
  return errors;
}

function countErrors(spec: PodSpec, before: PodSpec): FieldError[] {
  const lists = ["containers", "initContainers"] as const;
  return lists
    .filter((list) => (spec[list] ?? []).length !== (before[list] ?? []).length)
    .map((list) => forbidden(`spec.${list}`, "pod updates may not add or remove containers"));
}

/** It may be set, and brought nearer. */
function deadlineErrors({ activeDeadlineSeconds: next }: PodSpec, { activeDeadlineSeconds: before }: PodSpec): FieldError[] {
  if (before === undefined || next === before) return [];
  const path = "spec.activeDeadlineSeconds";
  if (next === undefined) return [invalid(path, next, "must not update from a positive integer to nil value")];
  return next > before ? [invalid(path, next, "must be less than or equal to previous value")] : [];
}

function tolerationErrors(next: Toleration[], before: Toleration[]): FieldError[] {
  const rest = ({ tolerationSeconds: _seconds, ...others }: Toleration): object => others;
  const isKept = before.every((old) => next.some((one) => isEqual(rest(one), rest(old))));
  return isKept ? [] : [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
}

/** The new spec with the old values wherever a change is allowed: whatever still differs is not. */
function withAllowedChanges(spec: PodSpec, before: PodSpec): PodSpec {
  const isGraceAllowed = (before.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1;
  return {
    ...spec,
    containers: withImages(spec.containers, before.containers),
    ...keep("initContainers", spec.initContainers && withImages(spec.initContainers, before.initContainers ?? [])),
    ...keep("activeDeadlineSeconds", before.activeDeadlineSeconds),
    ...keep("tolerations", before.tolerations),
    ...keep("terminationGracePeriodSeconds", isGraceAllowed ? before.terminationGracePeriodSeconds : spec.terminationGracePeriodSeconds),
    ...gatesRemoved(spec, before),
  };
}

/** Also sets what is undefined, so that it hides the new spec's. */
const keep = <K extends keyof PodSpec>(key: K, value: PodSpec[K]): Partial<PodSpec> => ({ [key]: value });

const withImages = (containers: Container[], before: Container[]): Container[] =>
  containers.map((container, at) => ({ ...container, ...(before[at]?.image === undefined ? {} : { image: before[at].image }) }));

/** Scheduling gates may only go, and with them the pod is no longer held back. */
function gatesRemoved(spec: PodSpec, before: PodSpec): Partial<PodSpec> {
  const gates = before.schedulingGates ?? [];
  const isSubset = (spec.schedulingGates ?? []).every(({ name }) => gates.some((gate) => gate.name === name));
  return isSubset && gates.length > 0 ? { schedulingGates: gates } : {};
}
