/**
 * ResourceQuota: its status says what is used. What is allowed the store decides by its own sums, in the order of the
 * writes, so the status may be behind.
 * https://kubernetes.io/docs/concepts/policy/resource-quotas/
 */
import type { ResourceQuota } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { amountText } from "../../resources/core/quota-measures.ts";
import type { Controller, Reconciliation } from "../controller.ts";
import { isSame } from "../equality.ts";

export interface QuotaSnapshot {
  quota: Stored<ResourceQuota> | undefined;
  /** By measure, in the units of the store's sums. */
  used: Record<string, number>;
}

export const resourceQuotaController: Controller<QuotaSnapshot> = {
  name: "resourcequotas",
  async observe(reader, key) {
    const quota = await reader.get<ResourceQuota>(key);
    return { quota, used: quota === undefined ? {} : await reader.usedOf(key) };
  },
  reconcile: reconcileQuota,
};

export function reconcileQuota({ quota, used }: QuotaSnapshot): Reconciliation {
  if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const hard = quota.spec?.hard ?? {};
  const shown = Object.fromEntries(Object.keys(hard).map((measure) => [measure, amountText(measure, used[measure] ?? 0)]));
  const status = { hard, used: shown };
  if (isSame(quota.status ?? {}, status)) return { actions: [] };
  return { actions: [{ type: "update", object: { ...quota, status }, subresource: "status" }] };
}
