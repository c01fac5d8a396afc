/** Rules of roles and bindings (pkg/apis/rbac/validation). */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { ClusterRole, PolicyRule, RbacSubject, RoleBinding } from "../../../protocol/kubernetes/generated/types.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { invalid, invalidFor, notSupported, required } from "../rules/field-errors.ts";
import { dns1123SubdomainErrors, pathSegmentNameErrors } from "../rules/names.ts";

export const rbacGroup = "rbac.authorization.k8s.io";

export function policyRulesErrors(rules: PolicyRule[] | undefined, isNamespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, at) => ruleErrors(`rules[${at}]`, rule, isNamespaced));
}

function ruleErrors(path: string, rule: PolicyRule, isNamespaced: boolean): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors = verbs.length === 0 ? [required(`${path}.verbs`, "verbs must contain at least one value")] : [];
  if (nonResourceURLs.length > 0) {
    const place = `${path}.nonResourceURLs`;
    if (isNamespaced) errors.push(invalid(place, nonResourceURLs, "namespaced rules cannot apply to non-resource URLs"));
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.push(invalid(place, nonResourceURLs, "rules cannot apply to both regular resources and non-resource URLs"));
    }
    return errors;
  }
  if (apiGroups.length === 0) errors.push(required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  if (resources.length === 0) errors.push(required(`${path}.resources`, "resource rules must supply at least one resource"));
  return errors;
}

export function aggregationErrors({ aggregationRule }: ClusterRole): FieldError[] {
  if (aggregationRule === undefined) return [];
  const path = "aggregationRule.clusterRoleSelectors";
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) return [required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")];
  return selectors.flatMap((selector, at) => labelSelectorErrors(`${path}[${at}]`, selector));
}

type Binding = Pick<RoleBinding, "roleRef" | "subjects">;

/** `kinds`: what a binding of this scope may refer to. */
export function bindingErrors({ roleRef, subjects }: Binding, kinds: string[], isNamespaced: boolean): FieldError[] {
  const { apiGroup, kind, name } = roleRef;
  return [
    ...(apiGroup === rbacGroup ? [] : [notSupported("roleRef.apiGroup", apiGroup, [rbacGroup])]),
    ...(kinds.includes(kind) ? [] : [notSupported("roleRef.kind", kind, kinds)]),
    ...(name ? invalidFor("roleRef.name", name, pathSegmentNameErrors(name)) : [required("roleRef.name")]),
    ...(subjects ?? []).flatMap((subject, at) => subjectErrors(`subjects[${at}]`, subject, isNamespaced)),
  ];
}

function subjectErrors(path: string, subject: RbacSubject, isNamespaced: boolean): FieldError[] {
  const { kind, name, apiGroup = "", namespace = "" } = subject;
  const errors = name === "" ? [required(`${path}.name`)] : [];
  switch (kind) {
    case "ServiceAccount":
      if (name !== "") errors.push(...invalidFor(`${path}.name`, name, dns1123SubdomainErrors(name)));
      if (apiGroup !== "") errors.push(notSupported(`${path}.apiGroup`, apiGroup, [""]));
      if (!isNamespaced && namespace === "") errors.push(required(`${path}.namespace`));
      return errors;
    case "User":
    case "Group":
      if (name === "") errors.push(invalid(`${path}.name`, name, `${kind.toLowerCase()} name cannot be empty`));
      if (apiGroup !== rbacGroup) errors.push(notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup]));
      return errors;
    default:
      return [...errors, notSupported(`${path}.kind`, kind, ["ServiceAccount", "User", "Group"])];
  }
}

export function roleRefUpdateErrors(next: Binding, previous: Binding): FieldError[] {
  return isEqual(next.roleRef, previous.roleRef) ? [] : [invalid("roleRef", next.roleRef, "cannot change roleRef")];
}

/** Mutates. */
export function defaultBinding({ roleRef, subjects }: Partial<Binding>): void {
  if (roleRef !== undefined) roleRef.apiGroup ||= rbacGroup;
  for (const subject of subjects ?? []) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= rbacGroup;
  }
}
