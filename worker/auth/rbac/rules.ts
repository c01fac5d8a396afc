/** What one PolicyRule allows (k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go). */
import type { PolicyRule } from "../../../protocol/kubernetes/generated/types.ts";
import { fullResource, type Attributes, type PathAttributes, type ResourceAttributes } from "../attributes.ts";

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false;
  return attributes.isResource ? allowsResource(rule, attributes) : allowsPath(rule, attributes);
}

function allowsResource(rule: PolicyRule, attributes: ResourceAttributes): boolean {
  const { group, name } = attributes;
  if (!hasOrAll(rule.apiGroups, group) || !resourceKeysOf(attributes).some((key) => rule.resources?.includes(key))) return false;
  return isEmpty(rule.resourceNames) || rule.resourceNames?.includes(name) === true;
}

/** Every way in which a rule may name what is asked for. */
export function resourceKeysOf(attributes: ResourceAttributes): string[] {
  const { subresource } = attributes;
  const exact = fullResource(attributes);
  return subresource === "" ? [exact, "*"] : [exact, "*", `*/${subresource}`];
}

function allowsPath({ nonResourceURLs = [] }: PolicyRule, { path }: PathAttributes): boolean {
  return nonResourceURLs.some((url) => urlCovers(url, path));
}

/** A trailing `*` stands for every continuation. */
export function urlCovers(url: string, path: string): boolean {
  return url === path || (url.endsWith("*") && path.startsWith(url.replace(/\*+$/, "")));
}

export function hasOrAll(list: readonly string[] | undefined, item: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(item));
}

export function isEmpty(list: readonly string[] | undefined): boolean {
  return list === undefined || list.length === 0;
}
