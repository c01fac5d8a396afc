/** Roles: what may be done in one namespace. */
import type { Role } from "../../../protocol/kubernetes/generated/types.ts";
import { createdAtColumn, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { policyRulesErrors, rbacGroup } from "./rbac-rules.ts";

export const roles = defineResource<Role>({
  group: rbacGroup,
  version: "v1",
  kind: "Role",
  plural: "roles",
  schema: "io.k8s.api.rbac.v1.Role",
  takesAnyName: true,
  isCreatedByUpdate: true,
  validate: ({ rules }) => policyRulesErrors(rules, true),
  columns: [nameColumn, createdAtColumn],
});
