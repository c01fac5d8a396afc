/** What ResourceQuotas are to the store: which objects each one covers, and what these use of what it bounds. */
import type { Container, Pod } from "../../../protocol/kubernetes/generated/types.ts";
import { matchesLabels } from "../../../protocol/selectors.ts";
import type { BudgetPolicy, ObjectIndex, ObjectKey, Uses } from "../../storage/store.ts";

/** Older names of `count/…`. */
const counted = new Set(["services", "configmaps", "secrets", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas"]);
/** Older names of requests. */
const aliases: Record<string, string> = { cpu: "requests.cpu", memory: "requests.memory", "ephemeral-storage": "requests.ephemeral-storage" };

export const quotaBudgets: BudgetPolicy = {
  resource: "resourcequotas",
  usedOf(key, index, budget) {
    const resource = resourceOf(key);
    if (!isCovered(resource, index, budget)) return undefined;
    return Object.fromEntries(Object.keys(budget.limits ?? {}).map((measure) => [measure, amountOf(measure, resource, index.uses)]));
  },
  lacking(key, text, budget) {
    const measures = Object.keys(budget.limits ?? {}).filter((measure) => measure in stated);
    // The text of a pod that passed validation.
    return key.startsWith("pods/") && measures.length > 0 ? lackingOf(JSON.parse(text) as Pod, measures) : {};
  },
};

const resourceOf = (key: ObjectKey): string => key.slice(0, key.indexOf("/"));

function amountOf(measure: string, resource: string, uses: Uses | undefined): number {
  if (measure.startsWith("count/")) return measure === `count/${resource}` ? 1 : 0;
  if (measure === "pods") return resource === "pods" && uses !== undefined ? 1 : 0;
  if (counted.has(measure)) return measure === resource ? 1 : 0;
  const { amounts = {} } = uses ?? {};
  // A quota for an extended resource, or for huge pages, may leave `requests.` out.
  return amounts[aliases[measure] ?? measure] ?? amounts[`requests.${measure}`] ?? 0;
}

/** Scopes tell pods apart, and claims by one of theirs; a quota with scopes covers nothing else. */
function isCovered(resource: string, { uses }: ObjectIndex, { covers = [] }: ObjectIndex): boolean {
  if (covers.length === 0) return true;
  const isOfClaims = covers.every(({ key }) => key === "VolumeAttributesClass");
  if (resource === "persistentvolumeclaims") return isOfClaims && matchesLabels(covers, uses?.traits ?? {});
  if (resource !== "pods" || uses === undefined) return false;
  return matchesLabels(covers, withOpposites(uses.traits ?? {}));
}

function withOpposites(traits: Record<string, string>): Record<string, string> {
  const isTerminating = "Terminating" in traits;
  const isBestEffort = "BestEffort" in traits;
  return { ...traits, ...(isTerminating ? {} : { NotTerminating: "" }), ...(isBestEffort ? {} : { NotBestEffort: "" }) };
}

/** Where a container states what a quota may bound. */
const stated: Record<string, (container: Container) => unknown> = {
  cpu: ({ resources }) => resources?.requests?.["cpu"],
  memory: ({ resources }) => resources?.requests?.["memory"],
  "requests.cpu": ({ resources }) => resources?.requests?.["cpu"],
  "requests.memory": ({ resources }) => resources?.requests?.["memory"],
  "limits.cpu": ({ resources }) => resources?.limits?.["cpu"],
  "limits.memory": ({ resources }) => resources?.limits?.["memory"],
};

function lackingOf({ spec }: Pod, measures: string[]): Record<string, string[]> {
  // What the pod states as a whole its containers need not.
  if (spec === undefined || spec.resources !== undefined) return {};
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const lacking = measures.map((measure): [string, string[]] => [
    measure,
    containers.filter((container) => stated[measure]?.(container) === undefined).map(({ name }) => name),
  ]);
  return Object.fromEntries(lacking.filter(([, names]) => names.length > 0));
}
