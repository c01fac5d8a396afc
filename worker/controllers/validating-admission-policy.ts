/** ValidatingAdmissionPolicies: how their expressions fit their kinds, for each generation (upstream's validatingadmissionpolicy-status). */
import type { ValidatingAdmissionPolicy } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { typeWarnings } from "../admission/type-checking.ts";
import type { Cel } from "../cel/cel.ts";
import { loadCel } from "../cel/load.ts";
import type { Settings } from "../settings/settings.ts";
import type { Controller, Reconciliation } from "./controller.ts";
import { isDeleting } from "./owner-references.ts";

export const policiesKey = "validatingadmissionpolicies.admissionregistration.k8s.io";

/** Undefined: nothing is to be checked. */
export type PolicySnapshot = { policy: Stored<ValidatingAdmissionPolicy>; cel: Cel; settings: Settings } | undefined;

export const validatingAdmissionPolicyController: Controller<PolicySnapshot> = {
  name: policiesKey,
  async observe(reader, key) {
    const policy = await reader.get<ValidatingAdmissionPolicy>(key);
    if (policy === undefined || isDeleting(policy) || isChecked(policy)) return undefined;
    return { policy, cel: await loadCel(), settings: reader.settings };
  },
  reconcile: reconcilePolicy,
};

const isChecked = ({ metadata, status }: Stored<ValidatingAdmissionPolicy>): boolean => (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);

export function reconcilePolicy(snapshot: PolicySnapshot): Reconciliation {
  if (snapshot === undefined) return { actions: [] };
  const { policy, cel, settings } = snapshot;
  const expressionWarnings = typeWarnings(cel, policy, settings);
  const status = {
    ...policy.status,
    ...(policy.metadata.generation === undefined ? {} : { observedGeneration: policy.metadata.generation }),
    typeChecking: expressionWarnings.length === 0 ? {} : { expressionWarnings },
  };
  return { actions: [{ type: "update", object: { ...policy, status }, subresource: "status" }] };
}
