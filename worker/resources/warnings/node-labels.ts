/** Labels of nodes that have newer names. */
import type { NodeSelectorTerm } from "../../../protocol/kubernetes/generated/types.ts";

const successors = new Map([
  ["beta.kubernetes.io/arch", 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ["beta.kubernetes.io/os", 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ["failure-domain.beta.kubernetes.io/region", 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ["failure-domain.beta.kubernetes.io/zone", 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ["beta.kubernetes.io/instance-type", 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
]);

/** Where the path names the label already. */
export function labelWarnings(path: string, label: string): string[] {
  const what = successors.get(label);
  return what === undefined ? [] : [`${path}: ${what}`];
}

/** Where the path leads to a field that holds it. */
export function heldLabelWarnings(path: string, label: string): string[] {
  const what = successors.get(label);
  return what === undefined ? [] : [`${path}: ${label} is ${what}`];
}

export function termWarnings(path: string, { matchExpressions = [] }: NodeSelectorTerm): string[] {
  return matchExpressions.flatMap(({ key }, at) => heldLabelWarnings(`${path}.matchExpressions[${at}].key`, key));
}
