/** CustomResourceDefinitions: what they are given is decided with the write, and their end waits for their objects. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { cleanupFinalizer, definitionStatus, terminating } from "../../resources/apiextensions/definition-status.ts";
import { definitionsKey, type CustomResourceDefinition } from "../../resources/custom/json-schema.ts";
import type { RequestContext } from "../../resources/resource.ts";
import { timestamp } from "../time.ts";
import type { Hooks } from "./hooks.ts";

export const customResourceDefinitionHooks: Hooks = {
  resource: definitionsKey,
  create(object, context) {
    delete object["status"];
    decide(object, context);
    return undefined;
  },
  update({ next, subresource, context }) {
    if (subresource === undefined) decide(next, context);
    return undefined;
  },
  markDeleted(object) {
    const definition: CustomResourceDefinition = object;
    const { finalizers = [], deletionTimestamp = "" } = definition.metadata ?? {};
    if (!finalizers.includes(cleanupFinalizer)) definition.metadata = { ...definition.metadata, finalizers: [...finalizers, cleanupFinalizer] };
    const message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    definition.status = terminating(definition.status, "InstanceDeletionPending", message, deletionTimestamp);
  },
};

function decide(object: KubernetesObject, { settings, now }: RequestContext): void {
  const definition: CustomResourceDefinition = object;
  definition.status = definitionStatus(definition, settings.list<CustomResourceDefinition>(definitionsKey), timestamp(now));
}
