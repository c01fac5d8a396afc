/** Node selectors: what a pod asks of the labels and the name of its node. */
import type { NodeSelectorRequirement, NodeSelectorTerm } from "../../protocol/kubernetes/generated/types.ts";
import type { NodeFacts } from "./node-info.ts";
import type { PodInfo } from "./pod-info.ts";

/** `nodeSelector` and the required node affinity together. */
export function matchesNode(pod: Pick<PodInfo, "nodeSelector" | "nodeAffinity">, node: NodeFacts): boolean {
  for (const [key, value] of Object.entries(pod.nodeSelector ?? {})) if (node.labels[key] !== value) return false;
  const required = pod.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

/** A term without any requirement matches nothing. */
export function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeFacts): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields: Record<string, string> = { "metadata.name": node.name };
  return matchExpressions.every((one) => matches(one, node.labels)) && matchFields.every((one) => matches(one, fields));
}

function matches({ key, operator, values = [] }: NodeSelectorRequirement, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return compare(value, values[0], (left, right) => left > right);
    case "Lt":
      return compare(value, values[0], (left, right) => left < right);
    default:
      return false;
  }
}

function compare(value: string | undefined, limit: string | undefined, test: (left: number, right: number) => boolean): boolean {
  if (value === undefined || limit === undefined || !/^-?\d+$/.test(value) || !/^-?\d+$/.test(limit)) return false;
  return test(Number(value), Number(limit));
}
