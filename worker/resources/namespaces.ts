/** Namespaces: deleted in two steps; the controller empties one before its `kubernetes` finalizer goes. */
import type { Namespace } from "../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import { defineResource } from "./define.ts";

export const namespaces = defineResource<Namespace>({
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  schema: "io.k8s.api.core.v1.Namespace",
  isNamespaced: false,
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  columns: [nameColumn, column<Namespace>("Status", "Active, or Terminating.", (namespace) => namespace.status?.phase ?? ""), ageColumn],
  selectableFields: (namespace) => ({ "status.phase": namespace.status?.phase ?? "" }),
});
