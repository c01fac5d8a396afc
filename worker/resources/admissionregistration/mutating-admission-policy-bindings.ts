/** MutatingAdmissionPolicyBindings: where a policy mutates, and with which parameters. */
import type { MutatingAdmissionPolicyBinding } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { paramRefText } from "./common-policy-rules.ts";
import { defaultMatchResources } from "./match-rules.ts";
import { mutatingBindingErrors } from "./mutating-policy-rules.ts";

export const mutatingAdmissionPolicyBindings = defineResource<MutatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1beta1",
  kind: "MutatingAdmissionPolicyBinding",
  plural: "mutatingadmissionpolicybindings",
  categories: ["api-extensions"],
  schema: "io.k8s.api.admissionregistration.v1beta1.MutatingAdmissionPolicyBinding",
  isNamespaced: false,
  hasGeneration: true,
  needsResourceVersion: true,
  applyDefaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  validate: mutatingBindingErrors,
  columns: [
    nameColumn,
    column<MutatingAdmissionPolicyBinding>("PolicyName", "The policy that it binds.", ({ spec }) => spec?.policyName ?? ""),
    column<MutatingAdmissionPolicyBinding>("ParamRef", "The policy's parameters.", paramRefText),
    ageColumn,
  ],
});
