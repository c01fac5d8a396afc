/** ServiceAccounts. */
import type { ServiceAccount } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";

export const serviceAccounts = defineResource<ServiceAccount>({
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  schema: "io.k8s.api.core.v1.ServiceAccount",
  columns: [nameColumn, column<ServiceAccount>("Secrets", "Number of secrets.", ({ secrets }) => (secrets ?? []).length, integer), ageColumn],
});
