/** RoleBindings: who has a role in one namespace. */
import type { RoleBinding } from "../../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "../define.ts";
import { bindingColumns } from "./binding-columns.ts";
import { bindingErrors, defaultBinding, rbacGroup, roleRefUpdateErrors } from "./rbac-rules.ts";

export const roleBindings = defineResource<RoleBinding>({
  group: rbacGroup,
  version: "v1",
  kind: "RoleBinding",
  plural: "rolebindings",
  schema: "io.k8s.api.rbac.v1.RoleBinding",
  takesAnyName: true,
  isCreatedByUpdate: true,
  applyDefaults: defaultBinding,
  validate: (binding) => bindingErrors(binding, ["Role", "ClusterRole"], true),
  validateUpdate: roleRefUpdateErrors,
  columns: bindingColumns,
});
