/** What the store knows of an object without its text (see ObjectIndex in ../storage/store.ts). */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { ObjectIndex, ObjectKey } from "../storage/store.ts";
import { contentHashOf } from "./content-hash.ts";
import { noSettings, type Settings } from "../settings/settings.ts";
import { resourceByKind } from "./custom/kinds.ts";
import { objectKey, type Resource } from "./resource.ts";

/** `metadata` must be complete (name, uid); `resourceVersion` is not looked at. `settings` tell of owners that are custom resources. */
export function indexOf(resource: Resource, object: KubernetesObject, settings: Settings = noSettings): ObjectIndex {
  const stored = object as Stored<KubernetesObject>; // complete by the time an index is taken, see above
  const { metadata } = stored;
  const isDeleting = metadata.deletionTimestamp !== undefined;
  const owners = ownersOf(stored, settings);
  const controller = owners.find((owner) => owner.isController);
  const selector = resource.selector?.(object);
  const uses = resource.uses?.(object);
  return {
    uid: metadata.uid,
    labels: metadata.labels ?? {},
    fields: fieldsOf(resource, stored),
    terms: [...lifeTerms(resource, stored), ...(resource.terms?.(object) ?? [])],
    ...(controller === undefined ? {} : { controller: { key: controller.key, uid: controller.uid } }),
    ...(owners.length === 0 ? {} : { owners: owners.map(({ key, uid }) => ({ key, uid })) }),
    ...(resource.subresources.status === undefined ? {} : { contentHash: contentHashOf(object) }),
    ...(selector === undefined ? {} : { selector }),
    ...(uses === undefined ? {} : { uses }),
    ...(resource.limits === undefined ? {} : { limits: resource.limits(object), covers: resource.covers?.(object) ?? [] }),
    generation: metadata.generation ?? 0,
    isDeleting,
    isSettled: !isDeleting && (resource.isSettled?.(stored) ?? true),
  };
}

/** Every kind is selectable by name and, if it has one, namespace. */
function fieldsOf(resource: Resource, object: Stored<KubernetesObject>): Record<string, string> {
  const { name, namespace } = object.metadata;
  const common = { "metadata.name": name, ...(resource.isNamespaced ? { "metadata.namespace": namespace ?? "" } : {}) };
  return { ...common, ...(resource.custom?.indexedFields ?? resource.selectableFields)?.(object) };
}

/** Kinds that a controller adopts by their labels. */
const adoptable = new Set(["Pod", "ReplicaSet", "ControllerRevision"]);

/** Terms of ownership and of an end that the garbage collector has to bring about. */
function lifeTerms(resource: Resource, { metadata }: Stored<KubernetesObject>): string[] {
  const references = metadata.ownerReferences ?? [];
  const terms = references.map((owner) => `owner:${owner.uid}`);
  if (adoptable.has(resource.kind) && !references.some((owner) => owner.controller === true)) terms.push(`orphan:${metadata.namespace ?? ""}`);
  const isAwaitingCollection = metadata.finalizers?.some((name) => name === "foregroundDeletion" || name === "orphan");
  if (metadata.deletionTimestamp !== undefined && isAwaitingCollection === true) terms.push(`gc:${metadata.uid}`);
  return terms;
}

/** Owners of a kind that is served here. */
function ownersOf({ metadata }: Stored<KubernetesObject>, settings: Settings): { key: ObjectKey; uid: string; isController: boolean }[] {
  return (metadata.ownerReferences ?? []).flatMap((owner) => {
    const resource = resourceByKind(settings, owner.apiVersion, owner.kind);
    if (resource === undefined) return [];
    const key = objectKey(resource, resource.isNamespaced ? (metadata.namespace ?? "") : "", owner.name);
    return [{ key, uid: owner.uid, isController: owner.controller === true }];
  });
}
