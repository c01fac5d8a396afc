/**
 * What keeps claims and volumes while they are used: their finalizers go when nobody does any more.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { claimTerm } from "../resources/core/pod-references.ts";
import type { Controller, Reconciliation } from "./controller.ts";
import { isDeleting } from "./owner-references.ts";
import { isTerminal } from "./pod-state.ts";

export interface ClaimSnapshot {
  claim: Stored<PersistentVolumeClaim> | undefined;
  /** Pods that name it, read only of a claim that is being deleted. */
  pods: Stored<Pod>[];
}

export const claimProtectionController: Controller<ClaimSnapshot> = {
  name: "persistentvolumeclaims",
  async observe(reader, key) {
    const claim = await reader.get<PersistentVolumeClaim>(key);
    if (claim === undefined || !isDeleting(claim)) return { claim, pods: [] };
    const { namespace = "", name } = claim.metadata;
    return { claim, pods: await reader.list<Pod>({ resource: "pods", namespace, term: claimTerm(namespace, name) }) };
  },
  reconcile({ claim, pods }) {
    // A pod that waits for a node uses nothing yet, and one that has ended nothing any more.
    const isUsed = pods.some((pod) => Boolean(pod.spec?.nodeName) && !isTerminal(pod));
    return claim === undefined || isUsed ? { actions: [] } : release(claim, "kubernetes.io/pvc-protection");
  },
};

export const volumeProtectionController: Controller<{ volume: Stored<PersistentVolume> | undefined }> = {
  name: "persistentvolumes",
  observe: async (reader, key) => ({ volume: await reader.get<PersistentVolume>(key) }),
  reconcile: ({ volume }) =>
    volume === undefined || volume.status?.phase === "Bound" ? { actions: [] } : release(volume, "kubernetes.io/pv-protection"),
};

function release(object: Stored<KubernetesObject>, finalizer: string): Reconciliation {
  const isHeld = isDeleting(object) && object.metadata.finalizers?.includes(finalizer) === true;
  return { actions: isHeld ? [{ type: "removeFinalizer", object, finalizer }] : [] };
}
