/** IngressClasses: which controller serves an Ingress. */
import type { IngressClass } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { immutableField } from "../rules/data-rules.ts";
import { ingressClassErrors } from "./ingress-rules.ts";

export const ingressClasses = defineResource<IngressClass>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IngressClass",
  plural: "ingressclasses",
  schema: "io.k8s.api.networking.v1.IngressClass",
  isNamespaced: false,
  hasGeneration: true,
  applyDefaults({ spec }) {
    if (spec?.parameters !== undefined) spec.parameters.scope ??= "Cluster";
  },
  validate: ingressClassErrors,
  validateUpdate: (next, previous) => immutableField("spec.controller", next.spec?.controller, previous.spec?.controller),
  columns: [
    nameColumn,
    column<IngressClass>("Controller", "Who serves Ingresses of this class.", ({ spec }) => spec?.controller ?? ""),
    column<IngressClass>("Parameters", "More for the controller to know.", parametersText),
    ageColumn,
  ],
});

function parametersText({ spec }: IngressClass): string {
  const { parameters } = spec ?? {};
  if (parameters === undefined) return "<none>";
  const group = parameters.apiGroup === undefined ? "" : `.${parameters.apiGroup}`;
  return `${parameters.kind}${group}/${parameters.name}`;
}
