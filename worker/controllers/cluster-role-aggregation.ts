/**
 * ClusterRoles that gather the rules of others by label: one look for all of them, since one may gather another
 * (upstream's clusterrole-aggregation-controller).
 */
import type { ClusterRole } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { aggregated } from "../auth/rbac/aggregation.ts";
import type { Controller } from "./controller.ts";

/** The only key of this controller. */
export const aggregationKey = "clusterroleaggregation//";

export const clusterRoleAggregationController: Controller<Stored<ClusterRole>[]> = {
  name: "clusterroleaggregation",
  observe: async (reader) => await reader.list<ClusterRole>({ resource: "clusterroles.rbac.authorization.k8s.io" }),
  reconcile: (roles) => ({
    actions: aggregated(roles.filter(({ metadata }) => metadata.deletionTimestamp === undefined)).map((object) => ({ type: "update", object })),
  }),
};
