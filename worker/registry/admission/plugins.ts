/** The table of admission plugins, at most one a resource. */
import { resourceKey, type Resource } from "../../resources/resource.ts";
import type { Admission } from "./admission.ts";
import { podAdmission } from "./pod-admission.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { serviceAllocation } from "./service-allocation.ts";

const plugins: Admission[] = [namespaceLifecycle, serviceAllocation, podAdmission];
const byResource = new Map(plugins.map((plugin) => [plugin.resource, plugin]));

export function admissionOf(resource: Resource): Admission | undefined {
  return byResource.get(resourceKey(resource));
}
