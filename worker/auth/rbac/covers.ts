/**
 * Whether rules that somebody holds cover rules that they want to grant
 * (k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go).
 */
import type { PolicyRule } from "../../../protocol/kubernetes/generated/types.ts";
import { hasOrAll, isEmpty, urlCovers } from "./rules.ts";

/** The parts of `wanted`, each of one verb on one thing, that `held` does not cover. */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(partsOf).filter((part) => !held.some((rule) => covers(rule, part)));
}

/** One verb each, on one resource of one group (by one name) or on one path. */
function partsOf({ verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): PolicyRule[] {
  const names = resourceNames.length === 0 ? [{}] : resourceNames.map((name) => ({ resourceNames: [name] }));
  const ofResources = apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.flatMap((verb) =>
    names.map((name) => ({ apiGroups: [group], resources: [resource], ...name, verbs: [verb] })))));
  const ofPaths = nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] })));
  return [...ofResources, ...ofPaths];
}

/** `part` is one of `partsOf`. */
function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const { verbs: [verb = ""], apiGroups: [group] = [], resources: [resource] = [], resourceNames: [name] = [], nonResourceURLs: [url] = [] } = part;
  if (!hasOrAll(rule.verbs, verb)) return false;
  if (url !== undefined) return rule.nonResourceURLs?.some((one) => urlCovers(one, url)) === true;
  if (group === undefined || resource === undefined || !hasOrAll(rule.apiGroups, group) || !coversResource(rule, resource)) return false;
  return isEmpty(rule.resourceNames) || (name !== undefined && rule.resourceNames?.includes(name) === true);
}

function coversResource({ resources }: PolicyRule, resource: string): boolean {
  const slash = resource.indexOf("/");
  return hasOrAll(resources, resource) || (slash >= 0 && resources?.includes(`*${resource.slice(slash)}`) === true);
}

/** For a message: parts on the same resource become one rule with all their verbs; sorted. */
export function describeRules(parts: PolicyRule[]): string[] {
  const byResource = Map.groupBy(parts, ({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }) =>
    JSON.stringify(nonResourceURLs === undefined ? [apiGroups, resources, resourceNames] : [nonResourceURLs, verbs]));
  const rules = [...byResource.values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : [{ ...first, verbs: [first, ...more].flatMap(({ verbs }) => verbs) }]);
  return [...new Set(rules.map(describe))].toSorted();
}

function describe({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const fields = { APIGroups: apiGroups, Resources: resources, NonResourceURLs: nonResourceURLs, ResourceNames: resourceNames, Verbs: verbs };
  const parts = Object.entries(fields).flatMap(([name, list]) => (list === undefined || list.length === 0 ? [] : [`${name}:${quotedList(list)}`]));
  return `{${parts.join(", ")}}`;
}

/** As Go prints a slice of strings with `%q`. */
export function quotedList(list: readonly string[]): string {
  return `[${list.map((item) => JSON.stringify(item)).join(" ")}]`;
}
