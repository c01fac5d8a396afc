/** ResourceClaimTemplates: claims to be made for each pod. */
import type { ResourceClaimTemplate } from "../../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "../define.ts";
import { immutableField } from "../rules/data-rules.ts";
import { claimSpecErrors, defaultClaim } from "./device-rules.ts";

export const resourceClaimTemplates = defineResource<ResourceClaimTemplate>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaimTemplate",
  plural: "resourceclaimtemplates",
  schema: "io.k8s.api.resource.v1.ResourceClaimTemplate",
  applyDefaults: ({ spec }) => defaultClaim(spec?.spec),
  validate: ({ spec }) => claimSpecErrors("spec.spec", spec.spec),
  validateUpdate: (next, previous) => immutableField("spec", next.spec, previous.spec),
});
