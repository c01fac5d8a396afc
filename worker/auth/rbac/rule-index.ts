/**
 * Who holds which rules: computed once for each state of the RBAC objects, so that a decision looks up a few maps and
 * walks over no binding.
 */
import type { ClusterRole, ClusterRoleBinding, PolicyRule, RbacSubject, Role, RoleBinding, RoleRef } from "../../../protocol/kubernetes/generated/types.ts";
import { derived, type Settings } from "../../settings/settings.ts";
import { serviceAccountUsername } from "../service-account-names.ts";

/** One binding's grant to one subject. */
export interface Grant {
  rules: readonly PolicyRule[];
  /** `ClusterRoleBinding "a" of ClusterRole "b" to User "c"` */
  description: string;
  /** Why the role's rules are not known. */
  problem?: string;
}

interface HeldRule {
  rule: PolicyRule;
  grant: Grant;
}

/** What one subject holds in one scope. */
export class Holding {
  readonly grants: Grant[] = [];
  /** Rules by each resource that they name (`pods`, `pods/log`, `*`). */
  readonly #byResource = new Map<string, HeldRule[]>();
  readonly #ofPaths: HeldRule[] = [];

  add(grant: Grant): void {
    this.grants.push(grant);
    for (const rule of grant.rules) {
      for (const resource of new Set(rule.resources)) {
        const held = this.#byResource.get(resource);
        if (held === undefined) this.#byResource.set(resource, [{ rule, grant }]);
        else held.push({ rule, grant });
      }
      if (rule.nonResourceURLs !== undefined) this.#ofPaths.push({ rule, grant });
    }
  }

  rulesFor(resource: string): readonly HeldRule[] {
    return this.#byResource.get(resource) ?? [];
  }

  get rulesForPaths(): readonly HeldRule[] {
    return this.#ofPaths;
  }
}

/** Scope `""` is the whole cluster. Subjects are `user:<name>` and `group:<name>`; a ServiceAccount is a user. */
export class RuleIndex {
  readonly #scopes = new Map<string, Map<string, Holding>>();

  add(scope: string, subject: string, grant: Grant): void {
    const subjects = this.#scopes.get(scope) ?? new Map<string, Holding>();
    this.#scopes.set(scope, subjects);
    const holding = subjects.get(subject) ?? new Holding();
    subjects.set(subject, holding);
    holding.add(grant);
  }

  /** What a user holds, cluster-wide first, then in the namespace. */
  holdingsOf(user: { name: string; groups: readonly string[] }, namespace: string): Holding[] {
    const subjects = [`user:${user.name}`, ...user.groups.map((group) => `group:${group}`)];
    const scopes = namespace === "" ? [""] : ["", namespace];
    return scopes.flatMap((scope) => {
      const held = this.#scopes.get(scope);
      return held === undefined ? [] : subjects.flatMap((subject) => held.get(subject) ?? []);
    });
  }
}

const clusterRolesKey = "clusterroles.rbac.authorization.k8s.io";
const rolesKey = "roles.rbac.authorization.k8s.io";
const clusterBindingsKey = "clusterrolebindings.rbac.authorization.k8s.io";
const bindingsKey = "rolebindings.rbac.authorization.k8s.io";
export const rbacSettings = [clusterRolesKey, rolesKey, clusterBindingsKey, bindingsKey] as const;

export const ruleIndexOf = derived(rbacSettings, (settings) => {
  const index = new RuleIndex();
  const rulesOf = rolesIn(settings);
  for (const { metadata, roleRef, subjects = [] } of settings.list<ClusterRoleBinding>(clusterBindingsKey)) {
    const about = `ClusterRoleBinding ${quoted(metadata.name)}`;
    for (const subject of subjects) addGrant(index, { scope: "", about, subject, roleRef, role: rulesOf(roleRef, "") });
  }
  for (const { metadata, roleRef, subjects = [] } of settings.list<RoleBinding>(bindingsKey)) {
    const scope = metadata.namespace ?? "";
    const about = `RoleBinding ${quoted(`${metadata.name}/${scope}`)}`;
    for (const subject of subjects) addGrant(index, { scope, about, subject, roleRef, role: rulesOf(roleRef, scope) });
  }
  return index;
});

type Found = Pick<Grant, "rules" | "problem">;

/** The rules of the role that a binding names; `namespace` is the binding's. */
export function rolesIn(settings: Settings): (roleRef: RoleRef, namespace: string) => Found {
  const clusterRoles = new Map(settings.list<ClusterRole>(clusterRolesKey).map((role) => [role.metadata.name, role]));
  const roles = new Map(settings.list<Role>(rolesKey).map((role) => [`${role.metadata.namespace}/${role.metadata.name}`, role]));
  return ({ kind, name }, namespace) => {
    const role = kind === "ClusterRole" ? clusterRoles.get(name) : kind === "Role" ? roles.get(`${namespace}/${name}`) : undefined;
    if (role !== undefined) return { rules: role.rules ?? [] };
    return { rules: [], problem: `${kind.toLowerCase()}.rbac.authorization.k8s.io ${quoted(name)} not found` };
  };
}

interface Granting {
  scope: string;
  about: string;
  subject: RbacSubject;
  roleRef: RoleRef;
  role: Found;
}

function addGrant(index: RuleIndex, { scope, about, subject, roleRef, role }: Granting): void {
  const key = subjectKey(subject, scope);
  if (key === undefined) return;
  const description = `${about} of ${roleRef.kind} ${quoted(roleRef.name)} to ${described(subject, scope)}`;
  index.add(scope, key, { ...role, description });
}

function subjectKey({ kind, name, namespace }: RbacSubject, scope: string): string | undefined {
  switch (kind) {
    case "User":
      return `user:${name}`;
    case "Group":
      return `group:${name}`;
    case "ServiceAccount": {
      const home = namespace || scope;
      return home === "" ? undefined : `user:${serviceAccountUsername(home, name)}`;
    }
    default:
      return undefined;
  }
}

function described({ kind, name, namespace }: RbacSubject, scope: string): string {
  return `${kind} ${quoted(kind === "ServiceAccount" ? `${name}/${namespace || scope}` : name)}`;
}

const quoted = (text: string): string => JSON.stringify(text);
