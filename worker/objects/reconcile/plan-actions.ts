/** From a controller's actions to the store's operations, through the planner that the API goes through too. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { Action } from "../../controllers/controller.ts";
import type { Planned, Planner } from "../../registry/registry.ts";
import { resourceOf } from "../../resources/custom/kinds.ts";
import { objectKey, type RequestContext, type Resource } from "../../resources/resource.ts";
import type { ObjectKey } from "../../storage/store.ts";
import type { EventAction } from "./event-objects.ts";

export interface ActionPlan {
  list: Planned[];
  /** Messages of what the planner refused. */
  refusals: string[];
}

export type ObjectAction = Exclude<Action, EventAction>;

interface Surroundings {
  planner: Planner;
  observed: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>;
  context: RequestContext;
}

/**
 * Actions on one object become one operation, so that a controller may change an object's spec and its status in one
 * plan: each is planned upon the one before, and the first one's revision is what the store compares.
 */
export function planActions(actions: ObjectAction[], surroundings: Surroundings): ActionPlan {
  const current = new Map(surroundings.observed);
  const byKey = new Map<ObjectKey, Planned>();
  const refusals: string[] = [];
  for (const action of actions) {
    try {
      const planned = planAction(action, current, surroundings);
      if (planned === undefined) continue;
      const { key } = planned.operation;
      byKey.set(key, sinceFirst(planned, byKey.get(key)));
      if (isStored(planned.object)) current.set(key, planned.object);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      refusals.push(error.message);
    }
  }
  return { list: [...byKey.values()], refusals };
}

function planAction(
  action: ObjectAction,
  objects: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>,
  { planner, context }: Surroundings,
): Planned | undefined {
  const resource = resourceOf(context.settings, action.object);
  if (resource === undefined) throw new Error(`no resource for ${action.object.apiVersion} ${action.object.kind}`);
  // The planner changes what it is given, and a template may be shared by a hundred pods.
  if (action.type === "create") return planner.create(resource, structuredClone(action.object), context);
  const current = objects.get(keyOf(resource, action.object)) ?? action.object;
  switch (action.type) {
    case "update": {
      const { subresource } = action;
      const next = withRevisionOf(current, structuredClone(action.object));
      return planner.update({ resource, current, next, context, ...(subresource === undefined ? {} : { subresource }) });
    }
    case "delete":
      return planner.delete({ resource, current, options: action.options ?? {}, context });
    case "removeFinalizer":
      return planner.update({ resource, current, next: withoutFinalizer(current, action.finalizer), context });
  }
}

/** An earlier action of the plan may have changed the object since it was read; the store compares with the first. */
function withRevisionOf(current: Stored<KubernetesObject>, next: Stored<KubernetesObject>): KubernetesObject {
  return { ...next, metadata: { ...next.metadata, resourceVersion: current.metadata.resourceVersion } };
}

function withoutFinalizer(object: Stored<KubernetesObject>, finalizer: string): KubernetesObject {
  const next = structuredClone(object);
  const finalizers = (next.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  return next;
}

/** An operation upon an earlier one of the plan replaces it, and expects what that one expected. */
function sinceFirst(planned: Planned, earlier: Planned | undefined): Planned {
  if (earlier === undefined || earlier.operation.verb === "create" || planned.operation.verb === "create") return planned;
  const { expect } = earlier.operation;
  const operation = { ...planned.operation, expect: { ...planned.operation.expect, ...expect } };
  // Both verbs take a revision and a uid; an update's revision is never absent.
  return { ...planned, operation: operation as Planned["operation"] };
}

const keyOf = (resource: Resource, object: Stored<KubernetesObject>): ObjectKey =>
  objectKey(resource, object.metadata.namespace ?? "", object.metadata.name);

function isStored(object: KubernetesObject): object is Stored<KubernetesObject> {
  return object.metadata?.resourceVersion !== undefined;
}
