/** MutatingAdmissionPolicies: changes to what is written, in CEL. */
import type { MutatingAdmissionPolicy } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { paramKindText } from "./common-policy-rules.ts";
import { defaultMatchResources } from "./match-rules.ts";
import { mutatingPolicyErrors } from "./mutating-policy-rules.ts";

export const mutatingAdmissionPolicies = defineResource<MutatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1beta1",
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  categories: ["api-extensions"],
  schema: "io.k8s.api.admissionregistration.v1beta1.MutatingAdmissionPolicy",
  isNamespaced: false,
  hasGeneration: true,
  needsResourceVersion: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.failurePolicy ??= "Fail";
    defaultMatchResources(spec.matchConstraints);
  },
  validate: mutatingPolicyErrors,
  columns: [
    nameColumn,
    column<MutatingAdmissionPolicy>("Mutations", "Number of mutations.", ({ spec }) => (spec?.mutations ?? []).length, integer),
    column<MutatingAdmissionPolicy>("ParamKind", "The kind of its parameters.", paramKindText),
    ageColumn,
  ],
});
