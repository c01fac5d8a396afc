/** ServiceAccount objects. */
import type { ServiceAccount } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const serviceAccounts = defineResource<ServiceAccount>({
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  schema: "io.k8s.api.core.v1.ServiceAccount",
});
