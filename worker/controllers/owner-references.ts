/** Controller references, and which objects belong to a controller by them (Kubernetes' ControllerRefManager). */
import type { LabelSelector, OwnerReference } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { Action, Reader } from "./controller.ts";
import { requirementsOf } from "../../protocol/selectors.ts";
import { isEmpty, selects } from "./selector.ts";

export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: KubernetesObject, owner: Stored<KubernetesObject>): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function controllerReference(owner: Stored<KubernetesObject>): OwnerReference {
  return {
    apiVersion: owner.apiVersion ?? "",
    kind: owner.kind ?? "",
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Reads what an owner controls and what it could adopt; never what another one controls. */
export async function readCandidates<T extends KubernetesObject>(
  reader: Reader,
  resource: string,
  owner: Stored<KubernetesObject>,
  selector: LabelSelector,
): Promise<Stored<T>[]> {
  const namespace = owner.metadata.namespace ?? "";
  const [owned, orphans] = await Promise.all([
    reader.list<T>({ resource, namespace, term: `owner:${owner.metadata.uid}` }),
    isEmpty(selector) ? [] : reader.list<T>({ resource, namespace, term: `orphan:${namespace}`, labels: requirementsOf(selector) }),
  ]);
  return [...owned, ...orphans];
}

export interface Claim<T> {
  /** What belongs to the owner, adopted objects included. */
  owned: Stored<T>[];
  /** Updates that adopt and release. */
  actions: Action[];
}

/**
 * Adopts orphans that match, releases owned objects that no longer match. An owner that is being deleted adopts
 * nothing; an object that is being deleted is neither adopted nor released.
 */
export function claim<T extends KubernetesObject>(
  owner: Stored<KubernetesObject>,
  selector: LabelSelector,
  candidates: Stored<T>[],
): Claim<T> {
  const result: Claim<T> = { owned: [], actions: [] };
  for (const object of candidates) {
    const controller = controllerOf(object);
    const isMatching = selects(selector, object.metadata.labels);
    if (controller === undefined) {
      if (!isMatching || isDeleting(owner) || isDeleting(object)) continue;
      const adopted = withOwners(object, [...(object.metadata.ownerReferences ?? []), controllerReference(owner)]);
      result.owned.push(adopted);
      result.actions.push({ type: "update", object: adopted });
    } else if (controller.uid === owner.metadata.uid) {
      if (isMatching || isDeleting(object) || isDeleting(owner)) result.owned.push(object);
      else result.actions.push({ type: "update", object: withOwners(object, othersThan(owner, object)) });
    }
  }
  return result;
}

export const isDeleting = (object: KubernetesObject): boolean => object.metadata?.deletionTimestamp !== undefined;

const othersThan = (owner: Stored<KubernetesObject>, object: KubernetesObject): OwnerReference[] =>
  (object.metadata?.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid);

/** Without any, the field is absent, as a client would leave it out. */
export function withOwners<T extends KubernetesObject>(object: Stored<T>, ownerReferences: OwnerReference[]): Stored<T> {
  const { ownerReferences: _, ...metadata } = object.metadata;
  // The same metadata but for its owners.
  return { ...object, metadata: { ...metadata, ...(ownerReferences.length === 0 ? {} : { ownerReferences }) } as Stored<T>["metadata"] };
}
