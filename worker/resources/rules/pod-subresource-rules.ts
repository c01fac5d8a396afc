/** What `pods/ephemeralcontainers` and `pods/resize` may change (pkg/apis/core/validation). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { Container, EphemeralContainer, Pod, PodSpec, ResourceRequirements } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { qosClassOf } from "../core/qos.ts";
import type { FieldError } from "../resource.ts";
import { duplicate, forbidden, invalid, invalidFor, notFound, oneOf, required } from "./field-errors.ts";
import { dns1123LabelErrors } from "./names.ts";
import { podSpecErrors } from "./pod-rules.ts";

const ephemeralPath = "spec.ephemeralContainers";

/** Those that are there stay as they are; others may come. */
export function ephemeralUpdateErrors({ spec }: Pod, { spec: before }: Stored<Pod>): FieldError[] {
  const next = spec?.ephemeralContainers ?? [];
  const errors = ephemeralErrors(spec, next);
  for (const old of before?.ephemeralContainers ?? []) {
    const kept = next.find(({ name }) => name === old.name);
    const quoted = JSON.stringify(old.name);
    if (kept === undefined) errors.push(forbidden(ephemeralPath, `existing ephemeral containers ${quoted} may not be removed\n`));
    else if (!isEqual(kept, old)) errors.push(forbidden(ephemeralPath, `existing ephemeral containers ${quoted} may not be changed\n`));
  }
  return errors;
}

function ephemeralErrors(spec: PodSpec | undefined, list: EphemeralContainer[]): FieldError[] {
  const others = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map(({ name }) => name);
  const seen = new Set(others);
  return list.flatMap((container, at) => {
    const errors = containerErrors(`${ephemeralPath}[${at}]`, container, others);
    if (seen.has(container.name)) errors.push(duplicate(`${ephemeralPath}[${at}].name`, container.name));
    seen.add(container.name);
    return errors;
  });
}

/** A container that is there to look around is not probed, not asked for, and not given anything of its own. */
const notForThem = ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resizePolicy", "restartPolicy"] as const;
const why = "cannot be set for an Ephemeral Container";

function containerErrors(path: string, container: EphemeralContainer, others: string[]): FieldError[] {
  const { name, image = "", targetContainerName: target, resources = {}, volumeMounts = [] } = container;
  return [
    ...(name === "" ? [required(`${path}.name`)] : invalidFor(`${path}.name`, name, dns1123LabelErrors(name))),
    ...(image === "" ? [required(`${path}.image`)] : []),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]),
    ...(target !== undefined && !others.includes(target) ? [notFound(`${path}.targetContainerName`, target)] : []),
    ...notForThem.filter((field) => container[field] !== undefined).map((field) => forbidden(`${path}.${field}`, why)),
    ...(Object.keys(resources).length > 0 ? [forbidden(`${path}.resources`, why)] : []),
    ...volumeMounts.flatMap(({ subPath, subPathExpr }, at) => [
      ...(subPath ? [forbidden(`${path}.volumeMounts[${at}].subPath`, why)] : []),
      ...(subPathExpr ? [forbidden(`${path}.volumeMounts[${at}].subPathExpr`, why)] : []),
    ]),
  ];
}

/** Nobody debugs a pod that is not there yet. */
export function ephemeralCreateErrors({ spec }: Pod): FieldError[] {
  return (spec?.ephemeralContainers ?? []).length > 0 ? [forbidden(ephemeralPath, "cannot be set on create")] : [];
}

const resizable = new Set(["cpu", "memory"]);

export function resizeErrors({ spec }: Pod, { spec: before }: Stored<Pod>): FieldError[] {
  if (spec === undefined || before === undefined) return [];
  const errors = podSpecErrors("spec", spec);
  if (qosClassOf(spec) !== qosClassOf(before)) errors.push(invalid("spec", qosClassOf(spec), "Pod QOS Class may not change as a result of resizing"));
  for (const list of ["initContainers", "containers"] as const) {
    for (const [at, { resources }] of (spec[list] ?? []).entries()) {
      const old = before[list]?.[at]?.resources;
      errors.push(...changeErrors(`spec.${list}[${at}].resources`, resources, old));
    }
  }
  return errors;
}

function changeErrors(path: string, next: ResourceRequirements | undefined, before: ResourceRequirements | undefined): FieldError[] {
  const parts = ["requests", "limits"] as const;
  return parts.flatMap((part) => {
    const [now, old] = [next?.[part] ?? {}, before?.[part] ?? {}];
    const names = [...new Set([...Object.keys(now), ...Object.keys(old)])].filter((name) => now[name] !== old[name]);
    const isOther = names.some((name) => !resizable.has(name));
    const isGone = names.some((name) => resizable.has(name) && now[name] === undefined);
    return [
      ...(isOther ? [forbidden("spec", "only cpu and memory resources are mutable")] : []),
      ...(isGone ? [forbidden(`${path}.${part}`, `resource ${part} cannot be removed`)] : []),
    ];
  });
}

/** The containers as they were, with what they ask for now. */
export function withResources(before: Container[], next: Container[] | undefined): Container[] {
  return before.map((container) => {
    const asked = next?.find(({ name }) => name === container.name)?.resources;
    return asked === undefined ? container : { ...container, resources: asked };
  });
}
