import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import { column, nameColumn } from "../columns.ts";
import type { CustomResourceDefinition, Names } from "../custom/json-schema.ts";
import { defineResource } from "../define.ts";
import { statusStrategy } from "../status-strategy.ts";
import { approvalErrors, definitionCostErrors, definitionErrors, definitionUpdateErrors } from "./definition-rules.ts";

export const customResourceDefinitions = defineResource<CustomResourceDefinition>({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  isNamespaced: false,
  schema: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
  usesCel: true,
  hasGeneration: true,
  columns: [nameColumn, column("Created At", "When the definition was created.", (object) => object.metadata.creationTimestamp, { type: "date" })],
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    // Nothing is validated yet.
    const names: Partial<Names> | undefined = spec.names;
    if (names !== undefined && names.kind !== undefined && names.kind !== "") {
      names.singular ||= names.kind.toLowerCase();
      names.listKind ||= `${names.kind}List`;
    }
    spec.conversion ??= { strategy: "None" };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service !== undefined) service.port ??= 443;
  },
  validate: definitionErrors,
  validateCreate: (definition) => [...approvalErrors(definition), ...definitionCostErrors(definition)],
  validateUpdate(next, previous) {
    const isApprovalNew = !isEqual(next.metadata?.annotations, previous.metadata.annotations);
    return [...definitionUpdateErrors(next, previous), ...definitionCostErrors(next, previous), ...(isApprovalNew && approvalErrors(previous).length === 0 ? approvalErrors(next) : [])];
  },
  subresources: { status: statusStrategy() },
  terms: (definition) => (isPending(definition) ? ["crd-names-pending"] : []),
});

/** It waits for a name that another one holds. */
function isPending({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "NamesAccepted" && value === "False") === true;
}
