/** The table of hooks, at most one a resource. */
import { resourceKey, type Resource } from "../../resources/resource.ts";
import { customResourceDefinitionHooks } from "./custom-resource-definitions.ts";
import type { Hooks } from "./hooks.ts";
import { namespaceHooks } from "./namespaces.ts";
import { serviceHooks } from "./services.ts";

const byResource = new Map([customResourceDefinitionHooks, namespaceHooks, serviceHooks].map((hooks) => [hooks.resource, hooks]));

export function hooksOf(resource: Resource): Hooks | undefined {
  return byResource.get(resourceKey(resource));
}
