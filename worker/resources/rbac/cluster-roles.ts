/** ClusterRoles: what may be done in the whole cluster, or wherever a RoleBinding grants it. */
import type { ClusterRole } from "../../../protocol/kubernetes/generated/types.ts";
import { createdAtColumn, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { aggregationErrors, policyRulesErrors, rbacGroup } from "./rbac-rules.ts";

export const clusterRoles = defineResource<ClusterRole>({
  group: rbacGroup,
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  schema: "io.k8s.api.rbac.v1.ClusterRole",
  isNamespaced: false,
  takesAnyName: true,
  isCreatedByUpdate: true,
  validate: (role) => [...policyRulesErrors(role.rules, false), ...aggregationErrors(role)],
  columns: [nameColumn, createdAtColumn],
});
