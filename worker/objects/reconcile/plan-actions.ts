/** From a controller's actions to the store's operations, through the planner that the API goes through too. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { StatusError } from "../../../protocol/status.ts";
import type { Action } from "../../controllers/controller.ts";
import type { Planned, Planner } from "../../registry/registry.ts";
import { resourceOf } from "../../resources/registry.ts";
import { objectKey, type RequestContext, type Resource } from "../../resources/resource.ts";
import type { ObjectKey } from "../../storage/store.ts";
import { eventOf } from "./event-objects.ts";

export interface PlannedAction {
  planned: Planned;
  /** Events may fail without anybody minding. */
  isEvent: boolean;
}

export interface ActionPlan {
  list: PlannedAction[];
  /** Messages of what the planner refused. */
  refusals: string[];
}

interface Surroundings {
  planner: Planner;
  observed: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>;
  context: RequestContext;
}

/**
 * Actions on one object become one operation, so that a controller may change an object's spec and its status in one
 * plan: each is planned upon the one before, and the first one's revision is what the store compares.
 */
export function planActions(actions: Action[], surroundings: Surroundings): ActionPlan {
  const { observed } = surroundings;
  const current = new Map(observed);
  const byKey = new Map<ObjectKey, PlannedAction>();
  const refusals: string[] = [];
  for (const action of actions) {
    try {
      const planned = planAction(action, current, surroundings);
      if (planned === undefined) continue;
      const { key } = planned.operation;
      byKey.set(key, { planned: sinceFirst(planned, byKey.get(key)?.planned), isEvent: action.type === "event" });
      if (isStored(planned.object)) current.set(key, planned.object);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (action.type !== "event") refusals.push(error.message);
    }
  }
  return { list: [...byKey.values()], refusals };
}

function planAction(
  action: Action,
  current: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>,
  { planner, context }: Surroundings,
): Planned | undefined {
  const object = action.type === "event" ? eventOf(action, context.now) : action.object;
  const resource = resourceOf(object);
  if (resource === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
  // The planner changes what it is given, and a template may be shared by a hundred pods.
  if (action.type === "create" || action.type === "event") return planner.create(resource, structuredClone(object), context);
  const known = current.get(keyOf(resource, action.object)) ?? action.object;
  switch (action.type) {
    case "update": {
      const next = { ...structuredClone(action.object), metadata: { ...structuredClone(action.object.metadata), resourceVersion: known.metadata.resourceVersion } };
      const { subresource } = action;
      return planner.update({ resource, current: known, next, context, ...(subresource === undefined ? {} : { subresource }) });
    }
    case "delete":
      return planner.delete({ resource, current: known, options: action.options ?? {}, context });
    case "removeFinalizer":
      return planner.update({ resource, current: known, next: withoutFinalizer(known, action.finalizer), context });
  }
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
