/**
 * The ServiceCIDR `kubernetes` says that addresses come from it. No others are used here, so none of them gets ready
 * (upstream's default-servicecidr-controller).
 */
import type { ServiceCIDR } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { conditionOf, withCondition } from "./conditions.ts";
import type { Controller } from "./controller.ts";
import { isDeleting } from "./owner-references.ts";

export const serviceCidrController: Controller<{ range: Stored<ServiceCIDR> | undefined; now: number }> = {
  name: "servicecidrs.networking.k8s.io",
  observe: async (reader, key, now) => ({ range: await reader.get<ServiceCIDR>(key), now }),
  reconcile({ range, now }) {
    if (range === undefined || isDeleting(range) || range.metadata.name !== "kubernetes") return { actions: [] };
    if (conditionOf(range.status?.conditions, "Ready")?.status === "True") return { actions: [] };
    const ready = { type: "Ready", status: "True", reason: "", message: "Kubernetes default Service CIDR is ready", lastTransitionTime: "" };
    const status = { ...range.status, conditions: withCondition(range.status?.conditions, ready, now) };
    return { actions: [{ type: "update", object: { ...range, status }, subresource: "status" }] };
  },
};
