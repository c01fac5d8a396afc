/** What the store knows of an object without its text (see ObjectIndex in ../storage/store.ts). */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { ObjectIndex } from "../storage/store.ts";
import { resourceByKind } from "./registry.ts";
import { objectKey, type Resource } from "./resource.ts";

/** `metadata` must be complete (name, uid); `resourceVersion` is not looked at. */
export function indexOf(resource: Resource, object: KubernetesObject): ObjectIndex {
  const stored = object as Stored<KubernetesObject>; // complete by the time an index is taken, see above
  const { metadata } = stored;
  const isDeleting = metadata.deletionTimestamp !== undefined;
  const controller = controllerOf(stored);
  const selector = resource.selector?.(object);
  return {
    uid: metadata.uid,
    labels: metadata.labels ?? {},
    fields: fieldsOf(resource, stored),
    terms: [...ownerTerms(stored), ...(resource.terms?.(object) ?? [])],
    ...(controller === undefined ? {} : { controller }),
    ...(selector === undefined ? {} : { selector }),
    generation: metadata.generation ?? 0,
    isDeleting,
    isSettled: !isDeleting && (resource.isSettled?.(stored) ?? true),
  };
}

/** Every kind is selectable by name and, if it has one, namespace. */
function fieldsOf(resource: Resource, object: Stored<KubernetesObject>): Record<string, string> {
  const { name, namespace } = object.metadata;
  const common = { "metadata.name": name, ...(resource.isNamespaced ? { "metadata.namespace": namespace ?? "" } : {}) };
  return { ...common, ...resource.selectableFields?.(object) };
}

function ownerTerms(object: Stored<KubernetesObject>): string[] {
  return (object.metadata.ownerReferences ?? []).map((owner) => `owner:${owner.uid}`);
}

/** The key of the controller owner; undefined for owners of a kind that is not served here. */
function controllerOf(object: Stored<KubernetesObject>): ObjectIndex["controller"] {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  const resource = owner && resourceByKind(owner.apiVersion, owner.kind);
  if (owner === undefined || resource === undefined) return undefined;
  const namespace = resource.isNamespaced ? (object.metadata.namespace ?? "") : "";
  return { key: objectKey(resource, namespace, owner.name), uid: owner.uid };
}
