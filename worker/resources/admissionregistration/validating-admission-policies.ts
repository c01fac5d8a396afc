/** ValidatingAdmissionPolicies. */
import type { ValidatingAdmissionPolicy } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { statusStrategy } from "../status-strategy.ts";
import { paramKindText } from "./common-policy-rules.ts";
import { defaultMatchResources } from "./match-rules.ts";
import { policyErrors } from "./policy-rules.ts";

export const validatingAdmissionPolicies = defineResource<ValidatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  categories: ["api-extensions"],
  schema: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
  isNamespaced: false,
  hasGeneration: true,
  needsResourceVersion: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.failurePolicy ??= "Fail";
    defaultMatchResources(spec.matchConstraints);
  },
  prepareForCreate(policy) {
    policy.status = {};
  },
  validate: policyErrors,
  isSettled: ({ metadata, status }) => (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0),
  subresources: { status: statusStrategy<ValidatingAdmissionPolicy>() },
  columns: [
    nameColumn,
    column<ValidatingAdmissionPolicy>("Validations", "Number of validations.", ({ spec }) => (spec?.validations ?? []).length, integer),
    column<ValidatingAdmissionPolicy>("ParamKind", "The kind of its parameters.", paramKindText),
    ageColumn,
  ],
});
