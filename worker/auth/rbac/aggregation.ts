/**
 * The rules of a ClusterRole that gathers others'
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles).
 */
import type { ClusterRole, PolicyRule } from "../../../protocol/kubernetes/generated/types.ts";
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import { matchesSelector } from "../../../protocol/selectors.ts";

/** Of every role that a selector finds, by their names, each rule once; never its own. */
export function aggregatedRules({ metadata, aggregationRule }: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const selectors = aggregationRule?.clusterRoleSelectors ?? [];
  const byName = (left: ClusterRole, right: ClusterRole) => ((left.metadata?.name ?? "") < (right.metadata?.name ?? "") ? -1 : 1);
  const sources = all
    .filter((role) => role.metadata?.name !== metadata?.name && selectors.some((selector) => matchesSelector(selector, role.metadata?.labels)))
    .toSorted(byName);
  const rules: PolicyRule[] = [];
  for (const rule of sources.flatMap((source) => source.rules ?? [])) {
    if (!rules.some((known) => isEqual(known, rule))) rules.push(rule);
  }
  return rules;
}

/** Roles whose rules are not what they gather, with the rules that they shall have. One may gather another. */
export function aggregated<T extends ClusterRole>(all: readonly T[]): T[] {
  const roles = [...all];
  // Each round carries rules one role further at least; one after the other, so that a circle comes to rest.
  for (let round = 0, isStable = false; !isStable && round <= all.length; round += 1) {
    isStable = true;
    for (const [at, role] of roles.entries()) {
      const next = withRules(role, roles);
      if (next === role) continue;
      roles[at] = next;
      isStable = false;
    }
  }
  return roles.filter((role, at) => role !== all[at]);
}

function withRules<T extends ClusterRole>(role: T, all: readonly T[]): T {
  if (role.aggregationRule === undefined) return role;
  const rules = aggregatedRules(role, all);
  return isEqual(rules, role.rules ?? []) ? role : { ...role, rules };
}
