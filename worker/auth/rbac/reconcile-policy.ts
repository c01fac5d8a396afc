/**
 * What is missing of the default policy (k8s.io/component-helpers/auth/rbac/reconciliation): objects, and rules,
 * subjects and labels of those that are there. Nothing is taken away, and what is annotated
 * `rbac.authorization.kubernetes.io/autoupdate: "false"` is left as it is.
 */
import type { ClusterRole, PolicyRule, RbacSubject } from "../../../protocol/kubernetes/generated/types.ts";
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import type { SettingResource } from "../../resources/settings.ts";
import type { Settings } from "../../settings/settings.ts";
import { uncovered } from "./covers.ts";
import { defaultPolicy } from "./default-policy.ts";

export interface PolicyChanges {
  create: KubernetesObject[];
  update: { current: Stored<KubernetesObject>; next: KubernetesObject }[];
}

const autoupdate = "rbac.authorization.kubernetes.io/autoupdate";

export function policyChanges(settings: Settings): PolicyChanges {
  const changes: PolicyChanges = { create: [], update: [] };
  for (const [resource, wanted] of byResource()) {
    const existing = new Map(settings.list(resource).map((object) => [nameOf(object), object]));
    for (const object of wanted) {
      const current = existing.get(nameOf(object));
      const next = current === undefined ? undefined : completed(current, object);
      if (current === undefined) changes.create.push(object);
      else if (next !== undefined && !isEqual(next, current)) changes.update.push({ current, next });
    }
  }
  return changes;
}

/** A cheap look, for often: whether each object is there. */
export function isPolicyThere(settings: Settings): boolean {
  return byResource().every(([resource, wanted]) => {
    const names = new Set(settings.list(resource).map(nameOf));
    return wanted.every((object) => names.has(nameOf(object)));
  });
}

function byResource(): [SettingResource, KubernetesObject[]][] {
  const { clusterRoles, clusterRoleBindings, roles, roleBindings } = defaultPolicy();
  return [
    ["clusterroles.rbac.authorization.k8s.io", clusterRoles],
    ["clusterrolebindings.rbac.authorization.k8s.io", clusterRoleBindings],
    ["roles.rbac.authorization.k8s.io", roles],
    ["rolebindings.rbac.authorization.k8s.io", roleBindings],
  ];
}

function nameOf({ metadata }: KubernetesObject): string {
  return `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
}

/** Undefined: its owner wants no updates. */
function completed(current: Stored<KubernetesObject>, wanted: KubernetesObject): KubernetesObject | undefined {
  const { labels, annotations } = current.metadata;
  if (annotations?.[autoupdate] === "false") return undefined;
  const metadata = {
    ...current.metadata,
    labels: { ...wanted.metadata?.labels, ...labels },
    annotations: { ...wanted.metadata?.annotations, ...annotations },
  };
  return { ...current, metadata, ...missingRules(current, wanted), ...missingSubjects(current, wanted) };
}

/** Of a role that gathers its rules, the controller has them. */
function missingRules(current: ClusterRole, wanted: ClusterRole): { rules?: PolicyRule[] } {
  if (wanted.rules === undefined || current.aggregationRule !== undefined) return {};
  const missing = wanted.rules.filter((rule) => uncovered(current.rules ?? [], [rule]).length > 0);
  return missing.length === 0 ? {} : { rules: [...(current.rules ?? []), ...missing] };
}

type Bound = KubernetesObject & { subjects?: RbacSubject[] };

function missingSubjects(current: Bound, wanted: Bound): { subjects?: RbacSubject[] } {
  const missing = (wanted.subjects ?? []).filter((subject) => !(current.subjects ?? []).some((one) => isEqual(one, subject)));
  return missing.length === 0 ? {} : { subjects: [...(current.subjects ?? []), ...missing] };
}
