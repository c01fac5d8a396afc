/** What webhooks and policies are asked about: rules of resources, and conditions (pkg/apis/admissionregistration/validation). */
import type { MatchCondition, MatchResources, NamedRuleWithOperations } from "../../../protocol/kubernetes/generated/types.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { duplicatesAt, invalid, invalidFor, notSupported, oneOf, required, tooMany } from "../rules/field-errors.ts";
import { pathSegmentNameErrors, qualifiedNameErrors } from "../rules/names.ts";

export const failurePolicies = ["Fail", "Ignore"];
export const matchPolicies = ["Equivalent", "Exact"];
const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const scopes = ["*", "Cluster", "Namespaced"];
const conditionLimit = 64;

type Rule = Omit<NamedRuleWithOperations, "resourceNames">;

/** Mutates. */
export function defaultRules(rules: Rule[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= "*";
}

export function ruleErrors(path: string, rule: Rule): FieldError[] {
  const { apiGroups = [], apiVersions = [], scope } = rule;
  return [
    ...operationsErrors(`${path}.operations`, rule.operations ?? []),
    ...(apiGroups.length === 0 ? [required(`${path}.apiGroups`)] : []),
    ...loneWildcard(`${path}.apiGroups`, apiGroups, "API groups"),
    ...(apiVersions.length === 0 ? [required(`${path}.apiVersions`)] : []),
    ...loneWildcard(`${path}.apiVersions`, apiVersions, "API versions"),
    ...apiVersions.flatMap((version, at) => (version === "" ? [required(`${path}.apiVersions[${at}]`)] : [])),
    ...resourcesErrors(`${path}.resources`, rule.resources ?? []),
    ...(scope === undefined || scopes.includes(scope) ? [] : [notSupported(`${path}.scope`, scope, scopes)]),
  ];
}

function operationsErrors(path: string, list: string[]): FieldError[] {
  return [
    ...(list.length === 0 ? [required(path)] : []),
    ...loneWildcard(path, list, "operations"),
    ...list.flatMap((operation, at) => (operations.includes(operation) ? [] : [notSupported(`${path}[${at}]`, operation, operations)])),
  ];
}

function loneWildcard(path: string, list: string[], what: string): FieldError[] {
  return list.length > 1 && list.includes("*") ? [invalid(path, list, `if '*' is present, must not specify other ${what}`)] : [];
}

/** `pods`, `pods/status`, and each part as a wildcard; what a wildcard covers may not be named beside it. */
function resourcesErrors(path: string, resources: string[]): FieldError[] {
  if (resources.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const ofResource = new Set<string>();
  const ofSubresource = new Set<string>();
  for (const [at, text] of resources.entries()) {
    if (text === "") errors.push(required(`${path}[${at}]`));
    const slash = text.indexOf("/");
    if (slash < 0) continue;
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    if (ofResource.has(resource)) errors.push(invalid(`${path}[${at}]`, text, `if '${resource}/*' is present, must not specify ${text}`));
    if (ofSubresource.has(subresource)) errors.push(invalid(`${path}[${at}]`, text, `if '*/${subresource}' is present, must not specify ${text}`));
    if (subresource === "*") ofResource.add(resource);
    if (resource === "*") ofSubresource.add(subresource);
  }
  if (resources.length > 1 && resources.includes("*/*")) errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  const isNamedBeside = resources.some((text) => text !== "*" && text !== "" && !text.includes("/"));
  if (resources.includes("*") && isNamedBeside) {
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
  }
  return errors;
}

/** Whether the expressions are CEL is for whoever evaluates them. */
export function matchConditionsErrors(path: string, conditions: MatchCondition[] | undefined): FieldError[] {
  const list = conditions ?? [];
  const each = list.flatMap(({ name, expression }, at) => [
    ...(expression.trim() === "" ? [required(`${path}[${at}].expression`)] : []),
    ...(name === "" ? [required(`${path}[${at}].name`)] : invalidFor(`${path}[${at}].name`, name, qualifiedNameErrors(name))),
  ]);
  const all = [...each, ...duplicatesAt(list, ({ name }) => name, (at) => `${path}[${at}].name`)];
  return list.length > conditionLimit ? [tooMany(path, list.length, conditionLimit), ...all] : all;
}

/** Mutates. */
export function defaultMatchResources(resources: MatchResources | undefined): void {
  if (resources === undefined) return;
  resources.matchPolicy ??= "Equivalent";
  resources.namespaceSelector ??= {};
  resources.objectSelector ??= {};
  defaultRules(resources.resourceRules);
  defaultRules(resources.excludeResourceRules);
}

export function matchResourcesErrors(path: string, resources: MatchResources | undefined): FieldError[] {
  if (resources === undefined) return [];
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = resources;
  return [
    ...oneOf(`${path}.matchPolicy`, matchPolicy, matchPolicies),
    ...labelSelectorErrors(`${path}.namespaceSelector`, namespaceSelector),
    ...labelSelectorErrors(`${path}.objectSelector`, objectSelector),
    ...resourceRules.flatMap((rule, at) => namedRuleErrors(`${path}.resourceRules[${at}]`, rule)),
    ...excludeResourceRules.flatMap((rule, at) => namedRuleErrors(`${path}.excludeResourceRules[${at}]`, rule)),
  ];
}

function namedRuleErrors(path: string, rule: NamedRuleWithOperations): FieldError[] {
  const names = rule.resourceNames ?? [];
  return [
    ...names.flatMap((name, at) => invalidFor(`${path}.resourceNames[${at}]`, name, pathSegmentNameErrors(name))),
    ...duplicatesAt(names, (name) => name, (at) => `${path}.resourceNames[${at}]`),
    ...ruleErrors(path, rule),
  ];
}
