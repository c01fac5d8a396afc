/** ClusterRoleBindings: who has a role in the whole cluster. */
import type { ClusterRoleBinding } from "../../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "../define.ts";
import { bindingColumns } from "./binding-columns.ts";
import { bindingErrors, defaultBinding, rbacGroup, roleRefUpdateErrors } from "./rbac-rules.ts";

export const clusterRoleBindings = defineResource<ClusterRoleBinding>({
  group: rbacGroup,
  version: "v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  schema: "io.k8s.api.rbac.v1.ClusterRoleBinding",
  isNamespaced: false,
  takesAnyName: true,
  isCreatedByUpdate: true,
  applyDefaults: defaultBinding,
  validate: (binding) => bindingErrors(binding, ["ClusterRole"], false),
  validateUpdate: roleRefUpdateErrors,
  columns: bindingColumns,
});
