/** NetworkPolicies. */
import type { NetworkPolicy } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn, selectorText } from "../columns.ts";
import { defineResource } from "../define.ts";
import { networkPolicyErrors } from "./network-policy-rules.ts";

export const networkPolicies = defineResource<NetworkPolicy>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  schema: "io.k8s.api.networking.v1.NetworkPolicy",
  hasGeneration: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of ports ?? []) port.protocol ??= "TCP";
    spec.policyTypes ??= spec.egress === undefined ? ["Ingress"] : ["Ingress", "Egress"];
  },
  validate: networkPolicyErrors,
  columns: [
    nameColumn,
    column<NetworkPolicy>("Pod-Selector", "Which pods it is about.", ({ spec }) => selectorText(spec?.podSelector)),
    ageColumn,
  ],
});
