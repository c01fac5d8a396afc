/** Namespaces: deleted in two steps; the controller empties one before its `kubernetes` finalizer goes. */
import type { Namespace } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { invalidFor } from "../rules/field-errors.ts";
import { dns1123LabelErrors } from "../rules/names.ts";
import { keepAllBut, statusStrategy } from "../status-strategy.ts";

const nameLabel = "kubernetes.io/metadata.name";

export const namespaces = defineResource<Namespace>({
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  schema: "io.k8s.api.core.v1.Namespace",
  isNamespaced: false,
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  applyDefaults(namespace) {
    const name = namespace.metadata?.name;
    if (name) namespace.metadata = { ...namespace.metadata, labels: { ...namespace.metadata?.labels, [nameLabel]: name } };
  },
  prepareForCreate(namespace) {
    namespace.status = { phase: "Active" };
    const finalizers = namespace.spec?.finalizers ?? [];
    namespace.spec = { finalizers: finalizers.includes("kubernetes") ? finalizers : [...finalizers, "kubernetes"] };
  },
  prepareForUpdate(next, previous) {
    if (previous.spec === undefined) delete next.spec;
    else next.spec = previous.spec;
  },
  validate: ({ metadata }) => (metadata?.name ? invalidFor("metadata.name", metadata.name, dns1123LabelErrors(metadata.name)) : []),
  subresources: {
    status: statusStrategy<Namespace>(),
    finalize: { prepareForUpdate: (next, previous) => keepAllBut(next, previous, "spec"), validateUpdate: () => [] },
  },
  columns: [nameColumn, column<Namespace>("Status", "Active, or Terminating.", ({ status }) => status?.phase ?? ""), ageColumn],
  selectableFields: ({ status }) => ({ "status.phase": status?.phase ?? "" }),
});
