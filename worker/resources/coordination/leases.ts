/** Leases. */
import type { Lease } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { nonNegative, positive } from "../rules/field-errors.ts";

export const leases = defineResource<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  schema: "io.k8s.api.coordination.v1.Lease",
  needsResourceVersion: true,
  isCreatedByUpdate: true,
  validate: ({ spec }) => [
    ...positive("spec.leaseDurationSeconds", spec?.leaseDurationSeconds),
    ...nonNegative("spec.leaseTransitions", spec?.leaseTransitions),
  ],
  columns: [nameColumn, column<Lease>("Holder", "Who holds it.", ({ spec }) => spec?.holderIdentity ?? ""), ageColumn],
});
