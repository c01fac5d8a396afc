/**
 * CustomResourceDefinitions: names that became free, and an end that takes the objects along first. What a definition
 * is given when it is written, the write itself decides (../registry/own/custom-resource-definitions.ts).
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { cleanupFinalizer, definitionStatus, terminating } from "../resources/apiextensions/definition-status.ts";
import { resourceByKey } from "../resources/custom/kinds.ts";
import { definitionsKey, isConditionTrue, type CustomResourceDefinition } from "../resources/custom/json-schema.ts";
import type { Action, Controller, Reconciliation } from "./controller.ts";
import { isSame } from "./equality.ts";
import { isDeleting } from "./owner-references.ts";
import { timestampOf } from "./time.ts";

export interface DefinitionSnapshot {
  definition: Stored<CustomResourceDefinition> | undefined;
  /** Of a living one: all definitions. */
  others: readonly Stored<CustomResourceDefinition>[];
  /** Of one that is being deleted: its objects. */
  instances: Stored<KubernetesObject>[];
  /** False: the settings are older than the definition, so that its objects cannot be seen. */
  areVisible: boolean;
  now: number;
}

const mostAtOnce = 500;
const untilVisibleMs = 1_100;

export const customResourceDefinitionController: Controller<DefinitionSnapshot> = {
  name: definitionsKey,
  async observe(reader, key, now) {
    const definition = await reader.get<CustomResourceDefinition>(key);
    const isEnding = definition !== undefined && isDeleting(definition);
    return {
      definition,
      others: definition === undefined || isEnding ? [] : await reader.list<CustomResourceDefinition>({ resource: definitionsKey }),
      instances: isEnding ? await reader.list({ resource: definition.metadata.name }) : [],
      areVisible: !isEnding || !isConditionTrue(definition, "Established") || resourceByKey(reader.settings, definition.metadata.name) !== undefined,
      now,
    };
  },
  reconcile: reconcileDefinition,
};

export function reconcileDefinition({ definition, others, instances, areVisible, now }: DefinitionSnapshot): Reconciliation {
  if (definition === undefined) return { actions: [] };
  if (!areVisible) return { actions: [], requeueAfterMs: untilVisibleMs };
  if (isDeleting(definition)) return finish(definition, instances, timestampOf(now));
  return { actions: withStatus(definition, definitionStatus(definition, others, timestampOf(now))) };
}

function finish(definition: Stored<CustomResourceDefinition>, instances: Stored<KubernetesObject>[], now: string): Reconciliation {
  if (definition.metadata.finalizers?.includes(cleanupFinalizer) !== true) return { actions: [] };
  if (instances.length === 0) {
    const done = terminating(definition.status, "InstanceDeletionCompleted", "removed all instances", now);
    return { actions: [...withStatus(definition, done), { type: "removeFinalizer", object: definition, finalizer: cleanupFinalizer }] };
  }
  const living = instances.filter((instance) => !isDeleting(instance));
  const deletes = living.slice(0, mostAtOnce).map((object): Action => ({ type: "delete", object }));
  const running = terminating(definition.status, "InstanceDeletionInProgress", "CustomResource deletion is in progress", now);
  const report = living.length === 0 ? withStatus(definition, running) : [];
  return { actions: [...deletes, ...report], ...(living.length > mostAtOnce ? { requeueAfterMs: 1 } : {}) };
}

function withStatus(definition: Stored<CustomResourceDefinition>, status: NonNullable<CustomResourceDefinition["status"]>): Action[] {
  return isSame(definition.status, status) ? [] : [{ type: "update", object: { ...definition, status }, subresource: "status" }];
}
