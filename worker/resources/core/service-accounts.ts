/** ServiceAccounts. */
import type { ServiceAccount } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";

const mountableSecrets = "kubernetes.io/enforce-mountable-secrets";
const useNamespaces = `metadata.annotations[${mountableSecrets}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`;

export const serviceAccounts = defineResource<ServiceAccount>({
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  schema: "io.k8s.api.core.v1.ServiceAccount",
  warnings({ metadata }, previous) {
    const isMarked = (annotations: Record<string, string> | undefined) => annotations?.[mountableSecrets] === "true";
    return isMarked(metadata?.annotations) && !isMarked(previous?.metadata.annotations) ? [useNamespaces] : [];
  },
  columns: [nameColumn, column<ServiceAccount>("Secrets", "Number of secrets.", ({ secrets }) => (secrets ?? []).length, integer), ageColumn],
});
