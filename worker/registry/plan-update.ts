/**
 * Update, of an object or of one of its subresources: keep what the server owns → default → admit (mutate) → prepare →
 * validate → admit (validate) → operation (upstream's `registry/rest/update.go`). The last finalizer's removal is the
 * object's end.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { indexOf } from "../resources/object-index.ts";
import { objectKey, type FieldError, type Resource } from "../resources/resource.ts";
import type { Settings } from "../settings/settings.ts";
import type { WriteOperation } from "../storage/store.ts";
import { mutate, validate } from "./admission/chain.ts";
import type { Attributes } from "./admission/plugin.ts";
import { claimsOf, claimsWithout } from "./claims.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { rejectInvalid } from "./invalid.ts";
import { isOnlyLater, trackUpdate } from "./managed-fields.ts";
import { isSpecChanged, validateMetadata, validateMetadataUpdate } from "./metadata.ts";
import { hooksOf } from "./own/hooks-of.ts";
import { applyDefaults } from "./plan-create.ts";
import type { Planned, UpdateOptions } from "./registry.ts";
import type { Schemas } from "./schemas.ts";
import { apiVersionOf, isOutdated, textOf } from "./text.ts";

/** `next` is changed into what will be stored. Undefined: nothing changed. */
export function planUpdate(schemas: Schemas, options: UpdateOptions): Planned | undefined {
  beginUpdate(schemas, options);
  return finishUpdate(schemas, options);
}

/** As far as those who may change the object, too, get to see it. */
export function beginUpdate(schemas: Schemas, options: UpdateOptions): void {
  const { resource, current, next } = options;
  checkPreconditions(resource, current, next);
  keepServerFields(resource, current, next);
  applyDefaults(schemas, resource, next);
  mutate(attributesOf(options));
}

export function finishUpdate(schemas: Schemas, options: UpdateOptions): Planned | undefined {
  const { resource, current, next, subresource, context } = options;
  prepare(options);
  const allocated = hooksOf(resource)?.update?.({ next, previous: current, subresource, context });
  // A binding tells where a pod runs, not what it is: upstream counts none.
  if (subresource !== "binding") countGeneration(resource, current, next);
  trackUpdate(options);
  rejectInvalid(resource, next, errorsOf(schemas, options));
  const warnings = [...(subresource === undefined ? (resource.warnings?.(next, current) ?? []) : []), ...validate(attributesOf(options))];
  if (isGone(resource, next)) return removal(resource, current, next, warnings);
  if (!isOutdated(current) && (isEqual(next, current) || isOnlyLater(next, current))) return undefined;
  return { operation: updateOperation(resource, current, next, context.settings), object: next, warnings, picked: allocated?.picked ?? [] };
}

function attributesOf({ resource, current, next, subresource = "", context }: UpdateOptions): Attributes {
  return { operation: "UPDATE", resource, subresource, object: next, old: current, context };
}

/** The update that stores `next`, whatever it went through before. */
export function updateOperation(
  resource: Resource,
  current: Stored<KubernetesObject>,
  next: KubernetesObject,
  settings: Settings,
): WriteOperation {
  const held = claimsOf(resource, current);
  const claims = claimsOf(resource, next);
  return {
    verb: "update",
    key: keyOf(resource, current),
    text: textOf(next, resource.custom?.versions?.mark),
    index: indexOf(resource, next, settings),
    expect: { revision: Number(current.metadata.resourceVersion), uid: current.metadata.uid },
    claims: claimsWithout(claims, held),
    releases: claimsWithout(held, claims),
  };
}

/** The delete that ends `current`, if nobody changed it meanwhile. */
export function removal(
  resource: Resource,
  current: Stored<KubernetesObject>,
  object: KubernetesObject,
  warnings: string[] = [],
): Planned {
  const expect = { revision: Number(current.metadata.resourceVersion), uid: current.metadata.uid };
  return { operation: { verb: "delete", key: keyOf(resource, current), expect }, object, warnings, picked: [] };
}

/** An object that is being deleted ends when nothing holds it any more. */
export function isGone(resource: Resource, object: KubernetesObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata ?? {};
  if (deletionTimestamp === undefined || (finalizers ?? []).length > 0) return false;
  return (deletionGracePeriodSeconds ?? 0) === 0 && !(hooksOf(resource)?.holds?.(object) ?? false);
}

export function keyOf(resource: Resource, object: Stored<KubernetesObject>): string {
  return objectKey(resource, object.metadata.namespace ?? "", object.metadata.name);
}

/** A client that names a uid or a resourceVersion means that very state. */
function checkPreconditions(resource: Resource, current: Stored<KubernetesObject>, next: KubernetesObject): void {
  const about = { group: resource.group, kind: resource.plural, name: current.metadata.name };
  const { uid, resourceVersion } = next.metadata ?? {};
  if (uid && uid !== current.metadata.uid) throw StatusError.uidConflict(about, uid, current.metadata.uid);
  if (resourceVersion && resourceVersion !== "0" && resourceVersion !== current.metadata.resourceVersion) {
    throw StatusError.conflict(about);
  }
}

function keepServerFields(resource: Resource, current: Stored<KubernetesObject>, next: KubernetesObject): void {
  const { metadata: before } = current;
  const { selfLink: _selfLink, ...given } = next.metadata ?? {};
  next.apiVersion = apiVersionOf(resource);
  next.kind = resource.kind;
  next.metadata = {
    ...given,
    name: given.name || before.name,
    uid: before.uid,
    creationTimestamp: before.creationTimestamp,
    resourceVersion: before.resourceVersion,
  };
  if (before.namespace !== undefined) next.metadata.namespace ??= before.namespace;
  restore(next.metadata, before, "deletionTimestamp");
  restore(next.metadata, before, "deletionGracePeriodSeconds");
  restore(next.metadata, before, "generation");
  restore(next.metadata, before, "generateName");
}

type Meta = NonNullable<KubernetesObject["metadata"]>;

function restore<K extends keyof Meta>(meta: Meta, before: Meta, field: K): void {
  if (before[field] === undefined) delete meta[field];
  else meta[field] = before[field];
}

function prepare({ resource, current, next, subresource, context }: UpdateOptions): void {
  if (subresource === undefined) {
    resource.prepareForUpdate?.(next, current, context);
    if (resource.subresources.status !== undefined) next["status"] = current["status"];
    if (next["status"] === undefined) delete next["status"];
    return;
  }
  resource.subresources[subresource]?.prepareForUpdate(next, current, context);
}

function countGeneration(resource: Resource, current: Stored<KubernetesObject>, next: KubernetesObject): void {
  if (!resource.hasGeneration || !(isSpecChanged(next, current) || isOwnStatusChanged(resource, current, next))) return;
  next.metadata = { ...next.metadata, generation: (current.metadata.generation ?? 0) + 1 };
}

/** A custom resource without the subresource has a status that is content like any other. */
function isOwnStatusChanged({ custom, subresources }: Resource, current: KubernetesObject, next: KubernetesObject): boolean {
  return custom !== undefined && subresources.status === undefined && !isEqual(next["status"], current["status"]);
}

function errorsOf(schemas: Schemas, { resource, current, next, subresource }: UpdateOptions): FieldError[] {
  const common = [
    ...validateMetadata(resource, next),
    ...validateMetadataUpdate(next, current),
    ...schemas.validate(resource, next),
  ];
  if (subresource !== undefined) {
    return [...common, ...(resource.subresources[subresource]?.validateUpdate(next, current) ?? [])];
  }
  return [...common, ...resource.validate(next), ...(resource.validateUpdate?.(next, current) ?? [])];
}
