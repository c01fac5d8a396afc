/** Whom webhooks and policies are asked about: rules, selectors of namespaces and of objects. Pure. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { LabelSelector } from "../../protocol/kubernetes/generated/types.ts";
import { matchesLabels, requirementsOf } from "../../protocol/selectors.ts";
import type { Attributes } from "../registry/admission/plugin.ts";

export interface Rule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  resourceNames?: string[];
  scope?: string;
}

export interface Selectors {
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
}

/** What configures admission is never subject to it: nobody shall lock themselves out. */
export function isExempt({ resource }: Pick<Attributes, "resource">): boolean {
  return resource.group === "admissionregistration.k8s.io";
}

export function matchesRule(rule: Rule, attributes: Attributes, matchPolicy: string | undefined): boolean {
  const { operation, resource, object, old } = attributes;
  const name = object.metadata?.name ?? old?.metadata.name ?? "";
  const names = rule.resourceNames ?? [];
  return has(rule.operations, operation)
    && has(rule.apiGroups, resource.group)
    && isOfVersion(rule, attributes, matchPolicy)
    && (rule.resources ?? []).some((one) => isResource(one, attributes))
    && isInScope(rule.scope, attributes)
    && (names.length === 0 || names.includes(name));
}

const has = (list: string[] | undefined, one: string): boolean => list !== undefined && (list.includes("*") || list.includes(one));

/** `Equivalent`: a rule for another version of the same resource is meant for this one, too. */
function isOfVersion({ apiVersions = [] }: Rule, { resource }: Attributes, matchPolicy: string | undefined): boolean {
  return has(apiVersions, resource.version) || (matchPolicy !== "Exact" && apiVersions.length > 0);
}

/** `pods`, `pods/status`, `pods/*`, `*`, `*` with a subresource. */
function isResource(text: string, { resource, subresource }: Attributes): boolean {
  const [wanted = "", sub = ""] = text.split("/");
  return (wanted === "*" || wanted === resource.plural) && (sub === "*" || sub === subresource);
}

function isInScope(scope: string | undefined, { resource }: Attributes): boolean {
  switch (scope) {
    case "Cluster":
      return !resource.isNamespaced;
    case "Namespaced":
      return resource.isNamespaced;
    default:
      return true;
  }
}

/** `namespace` is that of the request; a namespace is matched by its own labels, other objects without one always. */
export function isSelected({ namespaceSelector, objectSelector }: Selectors, attributes: Attributes, namespace: KubernetesObject | undefined): boolean {
  return isOfNamespace(namespaceSelector, attributes, namespace) && isOfObject(objectSelector, attributes);
}

function isOfNamespace(selector: LabelSelector | undefined, { resource, object, old, operation }: Attributes, namespace: KubernetesObject | undefined): boolean {
  if (isEmpty(selector)) return true;
  const isNamespace = resource.group === "" && resource.plural === "namespaces";
  if (isNamespace) return matches(selector, operation === "DELETE" ? old : object);
  return !resource.isNamespaced || matches(selector, namespace);
}

function isOfObject(selector: LabelSelector | undefined, { object, old }: Attributes): boolean {
  return isEmpty(selector) || matches(selector, object) || (old !== undefined && matches(selector, old));
}

const isEmpty = (selector: LabelSelector | undefined): boolean => selector === undefined || requirementsOf(selector).length === 0;

function matches(selector: LabelSelector | undefined, object: KubernetesObject | undefined): boolean {
  return selector === undefined || matchesLabels(requirementsOf(selector), object?.metadata?.labels);
}
