/** ResourceClaims: devices that somebody asks for, and gets. */
import type { ResourceResourceClaim as ResourceClaim } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { immutableField } from "../rules/data-rules.ts";
import { statusStrategy } from "../status-strategy.ts";
import { claimSpecErrors, defaultClaim } from "./device-rules.ts";

export const resourceClaims = defineResource<ResourceClaim>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaim",
  plural: "resourceclaims",
  schema: "io.k8s.api.resource.v1.ResourceClaim",
  applyDefaults: ({ spec }) => defaultClaim(spec),
  prepareForCreate(claim) {
    claim.status = {};
  },
  validate: ({ spec }) => claimSpecErrors("spec", spec),
  validateUpdate: (next, previous) => immutableField("spec", next.spec, previous.spec),
  subresources: { status: statusStrategy<ResourceClaim>() },
  columns: [nameColumn, column<ResourceClaim>("State", "What became of it.", stateText), ageColumn],
});

function stateText({ metadata, status }: Stored<ResourceClaim>): string {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  const states = isDeleted ? ["deleted"] : [];
  if (status?.allocation === undefined) return (isDeleted ? states : ["pending"]).join(",");
  return [...states, "allocated", ...((status.reservedFor ?? []).length > 0 ? ["reserved"] : [])].join(",");
}
