/** What is audited, and how much of it: `audit.k8s.io/v1` Policy (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/). */
import { parse } from "yaml";
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import type { Attributes } from "../auth/attributes.ts";
import { fullResource, type ResourceAttributes } from "../auth/attributes.ts";
import { urlCovers } from "../auth/rbac/rules.ts";

export const levels = ["None", "Metadata", "Request", "RequestResponse"] as const;
export type Level = (typeof levels)[number];
export type Stage = "RequestReceived" | "ResponseStarted" | "ResponseComplete" | "Panic";

export interface ResourceGroup {
  group?: string;
  resources?: string[];
  resourceNames?: string[];
}

export interface Rule {
  level: Level;
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  resources?: ResourceGroup[];
  namespaces?: string[];
  nonResourceURLs?: string[];
  omitStages?: Stage[];
  omitManagedFields?: boolean;
}

export interface Policy {
  rules: Rule[];
  omitStages?: Stage[];
  omitManagedFields?: boolean;
}

/** How one request is audited. */
export interface Auditing {
  level: Level;
  omitStages: readonly Stage[];
  omitManagedFields: boolean;
}

/** For a policy that cannot be read: rather too much in the log than nothing. */
export const everything: Policy = { rules: [{ level: "Metadata" }] };

/** YAML or JSON. Throws with what is wrong. */
export function parsePolicy(text: string): Policy {
  const value: unknown = parse(text);
  if (!isRecord(value) || value["kind"] !== "Policy" || value["apiVersion"] !== "audit.k8s.io/v1") {
    throw new Error("not a Policy of audit.k8s.io/v1");
  }
  const { rules } = value;
  if (!Array.isArray(rules) || rules.length === 0) throw new Error("the policy has no rules");
  rules.forEach(checkRule);
  return value as unknown as Policy; // what is looked at was checked
}

const lists = ["users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs", "omitStages"];

function checkRule(rule: unknown, at: number): void {
  if (!isRecord(rule) || !levels.some((level) => level === rule["level"])) {
    throw new Error(`rules[${at}].level: must be one of ${levels.join(", ")}`);
  }
  for (const name of lists) {
    if (rule[name] !== undefined && !Array.isArray(rule[name])) throw new Error(`rules[${at}].${name}: must be a list`);
  }
  if (rule["nonResourceURLs"] !== undefined && (rule["resources"] !== undefined || rule["namespaces"] !== undefined)) {
    throw new Error(`rules[${at}].nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`);
  }
}

/** Nobody: the request's token was of nobody who is known. */
export type Caller = { name: string; groups: readonly string[] } | undefined;

/** The first rule that matches decides; none: nothing is audited. */
export function auditingOf(policy: Policy, caller: Caller, attributes: Attributes): Auditing {
  const rule = policy.rules.find((one) => matches(one, caller, attributes));
  return {
    level: rule?.level ?? "None",
    omitStages: [...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])],
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function matches(rule: Rule, caller: Caller, attributes: Attributes): boolean {
  const { users = [], userGroups = [], verbs = [], resources = [], namespaces = [], nonResourceURLs = [] } = rule;
  if (users.length > 0 && (caller === undefined || !users.includes(caller.name))) return false;
  if (userGroups.length > 0 && !userGroups.some((group) => caller?.groups.includes(group) === true)) return false;
  if (verbs.length > 0 && !verbs.includes(attributes.verb)) return false;
  if (resources.length > 0 || namespaces.length > 0) {
    if (!attributes.isResource) return false;
    if (namespaces.length > 0 && !namespaces.includes(attributes.namespace)) return false;
    return resources.length === 0 || resources.some((group) => matchesGroup(group, attributes));
  }
  if (nonResourceURLs.length === 0) return true;
  return !attributes.isResource && nonResourceURLs.some((url) => urlCovers(url, attributes.path));
}

function matchesGroup({ group = "", resources = [], resourceNames = [] }: ResourceGroup, attributes: ResourceAttributes): boolean {
  if (group !== attributes.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(attributes.name)) return false;
  const { resource, subresource } = attributes;
  return resources.some((one) =>
    one === "*" || one === fullResource(attributes) || one === `${resource}/*` || (subresource !== "" && one === `*/${subresource}`));
}
