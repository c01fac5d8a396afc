/** From a controller's actions to the store's operations, through the planner that the API goes through too. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { StatusError } from "../../../protocol/status.ts";
import { admitCreate, type AdmissionPorts } from "../../admission/admit.ts";
import type { Action } from "../../controllers/controller.ts";
import type { Planned } from "../../registry/registry.ts";
import { resourceOfStored } from "../../resources/custom/kinds.ts";
import { objectKey, type RequestContext, type Resource } from "../../resources/resource.ts";
import type { ObjectKey } from "../../storage/store.ts";
import type { EventAction } from "./event-objects.ts";

export interface ActionPlan {
  list: Planned[];
  /** What the planner refused. */
  refusals: RefusedObject[];
}

export interface RefusedObject {
  object: KubernetesObject;
  isCreate: boolean;
  /** The Status's. */
  message: string;
}

export type ObjectAction = Exclude<Action, EventAction>;

interface Surroundings {
  admission: AdmissionPorts;
  observed: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>;
  context: RequestContext;
}

/** So many creates are admitted side by side: they may have to wait for webhooks. */
const sideBySide = 16;

/**
 * Actions on one object become one operation, so that a controller may change an object's spec and its status in one
 * plan: each is planned upon the one before, and the first one's revision is what the store compares.
 */
export async function planActions(actions: ObjectAction[], surroundings: Surroundings): Promise<ActionPlan> {
  const current = new Map(surroundings.observed);
  const byKey = new Map<ObjectKey, Planned>();
  const refusals: RefusedObject[] = [];
  for (let at = 0; at < actions.length;) {
    const together = nextTogether(actions, at);
    at += together.length;
    const outcomes = await Promise.all(together.map((action) => planned(action, current, surroundings)));
    for (const outcome of outcomes) {
      if (outcome === undefined) continue;
      if ("message" in outcome) refusals.push(outcome);
      else {
        const { key } = outcome.operation;
        byKey.set(key, sinceFirst(outcome, byKey.get(key)));
        if (isStored(outcome.object)) current.set(key, outcome.object);
      }
    }
  }
  return { list: [...byKey.values()], refusals };
}

/** Creates depend on nothing before them. */
function nextTogether(actions: ObjectAction[], start: number): ObjectAction[] {
  let end = start;
  while (end < actions.length && end - start < sideBySide && actions[end]?.type === "create") end += 1;
  return actions.slice(start, Math.max(end, start + 1));
}

/** The operation, or why it was refused; undefined: nothing is to be done. */
async function planned(
  action: ObjectAction,
  objects: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>,
  surroundings: Surroundings,
): Promise<Planned | RefusedObject | undefined> {
  try {
    return await planAction(action, objects, surroundings);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { object: action.object, isCreate: action.type === "create", message: error.message };
  }
}

async function planAction(
  action: ObjectAction,
  objects: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>,
  { admission, context }: Surroundings,
): Promise<Planned | undefined> {
  const { planner } = admission;
  const resource = resourceOfStored(context.settings, action.object);
  if (resource === undefined) throw new Error(`no resource for ${action.object.apiVersion} ${action.object.kind}`);
  // The planner changes what it is given, and a template may be shared by a hundred pods.
  if (action.type === "create") return admitCreate({ resource, object: structuredClone(action.object), context }, admission);
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
