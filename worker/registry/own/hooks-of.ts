/** The table of hooks, at most one a resource. */
import { resourceKey, type Resource } from "../../resources/resource.ts";
import type { Hooks } from "./hooks.ts";
import { namespaceHooks } from "./namespaces.ts";
import { serviceHooks } from "./services.ts";

const byResource = new Map([namespaceHooks, serviceHooks].map((hooks) => [hooks.resource, hooks]));

export function hooksOf(resource: Resource): Hooks | undefined {
  return byResource.get(resourceKey(resource));
}
