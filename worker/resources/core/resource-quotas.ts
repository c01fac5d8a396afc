/** ResourceQuotas: how much a namespace may use. */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { ResourceQuota } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { statusStrategy } from "../status-strategy.ts";
import { quotaCovers, quotaLimits } from "./quota-uses.ts";
import { quotaErrors, quotaUpdateErrors } from "./quota-rules.ts";

const isLimit = (name: string): boolean => name.startsWith("limits.");

export const resourceQuotas = defineResource<ResourceQuota>({
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  schema: "io.k8s.api.core.v1.ResourceQuota",
  prepareForCreate(quota) {
    quota.status = {};
  },
  validate: quotaErrors,
  validateUpdate: quotaUpdateErrors,
  subresources: { status: statusStrategy<ResourceQuota>() },
  limits: quotaLimits,
  covers: quotaCovers,
  isSettled: ({ spec, status }) => isEqual(spec?.hard ?? {}, status?.hard ?? {}),
  columns: [
    nameColumn,
    column<ResourceQuota>("Request", "Used and allowed requests and counts.", (quota) => usageText(quota, (name) => !isLimit(name))),
    column<ResourceQuota>("Limit", "Used and allowed limits.", (quota) => usageText(quota, isLimit)),
    ageColumn,
  ],
});

/** `cpu: 1/2, pods: 3/10` */
function usageText({ status }: ResourceQuota, isShown: (name: string) => boolean): string {
  const { hard = {}, used = {} } = status ?? {};
  const names = Object.keys(hard).filter(isShown).toSorted();
  return names.map((name) => `${name}: ${used[name] ?? 0}/${hard[name] ?? 0}`).join(", ");
}
