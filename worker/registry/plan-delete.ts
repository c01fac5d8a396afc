/**
 * Delete: an object goes at once unless something holds it, and then it is only marked.
 *
 *     live ── grace, finalizers, or a namespace's own ──► marked (deletionTimestamp) ── nothing holds it ──► gone
 *     live ── nothing ──────────────────────────────────────────────────────────────────────────────────────► gone
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import { validate } from "./admission/chain.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { hooksOf } from "./own/hooks-of.ts";
import { isGone, removal, updateOperation } from "./plan-update.ts";
import type { DeleteOptions, Planned } from "./registry.ts";
import { timestamp } from "./time.ts";

const foreground = "foregroundDeletion";
const orphan = "orphan";

export interface DeletePlan {
  resource: Resource;
  current: Stored<KubernetesObject>;
  options: DeleteOptions;
  context: RequestContext;
}

/** Undefined: it is being deleted already, and this request changes nothing about it. */
export function planDelete(plan: DeletePlan): Planned | undefined {
  const { resource, current } = plan;
  checkPreconditions(plan);
  hooksOf(resource)?.delete?.(current);
  const warnings = validate({ operation: "DELETE", resource, subresource: "", object: current, old: current, context: plan.context });
  const marked = markDeleted(plan);
  if (isGone(resource, marked)) return removal(resource, current, current, warnings);
  if (isEqual(marked, current)) return undefined;
  return { operation: updateOperation(resource, current, marked, plan.context.settings), object: marked, warnings, picked: [] };
}

function checkPreconditions({ resource, current, options }: DeletePlan): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const about = { group: resource.group, kind: resource.plural, name: current.metadata.name };
  if (uid !== undefined && uid !== current.metadata.uid) {
    throw StatusError.uidConflict(about, uid, current.metadata.uid);
  }
  const found = current.metadata.resourceVersion;
  if (resourceVersion === undefined || resourceVersion === found) return;
  const versions = `ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${found}`;
  throw StatusError.conflict(about, `Precondition failed: ${versions}`);
}

function markDeleted(plan: DeletePlan): Stored<KubernetesObject> {
  const { resource, current } = plan;
  const marked: Stored<KubernetesObject> = { ...current, metadata: { ...current.metadata } };
  setFinalizers(plan, marked);
  setGrace(plan, marked);
  if (current.metadata.deletionTimestamp === undefined) {
    if (resource.hasGeneration) marked.metadata.generation = (current.metadata.generation ?? 0) + 1;
    hooksOf(resource)?.markDeleted?.(marked);
  }
  return marked;
}

/** A shorter grace than the running one moves the end closer; a longer one, or none, changes nothing. */
function setGrace({ resource, current, options, context }: DeletePlan, marked: Stored<KubernetesObject>): void {
  const asked = options.gracePeriodSeconds;
  const wanted = resource.graceSeconds?.(current, asked === undefined ? undefined : Math.max(asked, asked < 0 ? 1 : 0)) ?? 0;
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  const running = deletionGracePeriodSeconds ?? 0;
  if (deletionTimestamp === undefined) {
    marked.metadata.deletionTimestamp = timestamp(context.now + wanted * 1000);
    marked.metadata.deletionGracePeriodSeconds = wanted;
  } else if (asked !== undefined && wanted < running) {
    marked.metadata.deletionTimestamp = timestamp(Date.parse(deletionTimestamp) - (running - wanted) * 1000);
    marked.metadata.deletionGracePeriodSeconds = wanted;
  }
}

/** The garbage collector's finalizers say how dependents are treated; it removes them when they were. */
function setFinalizers({ resource, current, options }: DeletePlan, marked: Stored<KubernetesObject>): void {
  const present = current.metadata.finalizers ?? [];
  const others = present.filter((name) => name !== orphan && name !== foreground);
  const policy = options.propagationPolicy ?? policyOf(present) ?? resource.defaultPropagation ?? "Background";
  const added = policy === "Orphan" ? [orphan] : policy === "Foreground" ? [foreground] : [];
  const finalizers = [...others, ...added];
  if (finalizers.length > 0) marked.metadata.finalizers = finalizers;
  else delete marked.metadata.finalizers;
}

function policyOf(finalizers: string[]): DeleteOptions["propagationPolicy"] {
  if (finalizers.includes(orphan)) return "Orphan";
  return finalizers.includes(foreground) ? "Foreground" : undefined;
}
