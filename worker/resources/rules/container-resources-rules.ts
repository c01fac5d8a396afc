/** Rules of a container's resource requests and limits. */
import type { ResourceRequirements } from "../../../protocol/kubernetes/generated/types.ts";
import { canonicalQuantity, compareQuantities, quantity } from "../../../protocol/quantity.ts";
import { invalid, invalidFor } from "./field-errors.ts";
import { qualifiedNameErrors } from "./names.ts";
import type { FieldError } from "../resource.ts";

const standard = ["cpu", "memory", "ephemeral-storage"];

export function resourcesErrors(path: string, resources: ResourceRequirements | undefined): FieldError[] {
  if (resources === undefined) return [];
  return [
    ...listErrors(`${path}.limits`, resources.limits),
    ...listErrors(`${path}.requests`, resources.requests),
    ...requestErrors(`${path}.requests`, resources),
  ];
}

type ResourceList = ResourceRequirements["limits"];

function listErrors(path: string, list: ResourceList): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, value]) => [
    ...nameErrors(path, name),
    ...(quantity(value).nano < 0n ? [invalid(`${path}[${name}]`, canonicalQuantity(value), "must be greater than or equal to 0")] : []),
  ]);
}

function nameErrors(path: string, name: string): FieldError[] {
  const wrong = invalidFor(path, name, qualifiedNameErrors(name));
  if (wrong.length > 0 || standard.includes(name) || name.startsWith("hugepages-") || name.includes("/")) return wrong;
  return [invalid(path, name, "must be a standard resource type or fully qualified"), invalid(path, name, "must be a standard resource for containers")];
}

function requestErrors(path: string, { limits = {}, requests = {} }: ResourceRequirements): FieldError[] {
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (limit === undefined || compareQuantities(quantity(request), quantity(limit)) <= 0) return [];
    const detail = `must be less than or equal to ${name} limit of ${canonicalQuantity(limit)}`;
    return [invalid(path, canonicalQuantity(request), detail)];
  });
}
