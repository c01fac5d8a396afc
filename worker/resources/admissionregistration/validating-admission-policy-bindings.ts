/** ValidatingAdmissionPolicyBindings: where a policy holds, and with which parameters. */
import type { ValidatingAdmissionPolicyBinding } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { paramRefText } from "./common-policy-rules.ts";
import { defaultMatchResources } from "./match-rules.ts";
import { policyBindingErrors } from "./policy-rules.ts";

export const validatingAdmissionPolicyBindings = defineResource<ValidatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
  categories: ["api-extensions"],
  schema: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
  isNamespaced: false,
  hasGeneration: true,
  needsResourceVersion: true,
  applyDefaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  validate: policyBindingErrors,
  columns: [
    nameColumn,
    column<ValidatingAdmissionPolicyBinding>("PolicyName", "The policy that it binds.", ({ spec }) => spec?.policyName ?? ""),
    column<ValidatingAdmissionPolicyBinding>("ParamRef", "The policy's parameters.", paramRefText),
    ageColumn,
  ],
});
