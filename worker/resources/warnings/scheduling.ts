/** Where a pod wants to run: labels that are old, and selectors that, being absent, match nothing. */
import type { PodAffinityTerm, PodSpec, WeightedPodAffinityTerm } from "../../../protocol/kubernetes/generated/types.ts";
import { heldLabelWarnings, labelWarnings, termWarnings } from "./node-labels.ts";

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
const matchesNothing = "a null labelSelector results in matching no pod";

export function nodeChoiceWarnings(path: string, { nodeSelector = {}, affinity }: PodSpec): string[] {
  const place = `${path}.affinity.nodeAffinity`;
  const { [required]: must, [preferred]: may = [] } = affinity?.nodeAffinity ?? {};
  return [
    ...Object.keys(nodeSelector).flatMap((label) => labelWarnings(`${path}.nodeSelector[${label}]`, label)),
    ...(must?.nodeSelectorTerms ?? []).flatMap((term, at) => termWarnings(`${place}.${required}.nodeSelectorTerms[${at}]`, term)),
    ...may.flatMap(({ preference }, at) => termWarnings(`${place}.${preferred}[${at}].preference`, preference)),
  ];
}

export function spreadWarnings(path: string, { topologySpreadConstraints = [] }: PodSpec): string[] {
  return topologySpreadConstraints.flatMap(({ topologyKey, labelSelector }, at) => {
    const place = `${path}.topologySpreadConstraints[${at}]`;
    return [...heldLabelWarnings(`${place}.topologyKey`, topologyKey), ...(labelSelector === undefined ? [`${place}.labelSelector: ${matchesNothing}`] : [])];
  });
}

export function podAffinityWarnings(path: string, { affinity = {} }: PodSpec): string[] {
  return (["podAffinity", "podAntiAffinity"] as const).flatMap((name) => {
    const place = `${path}.affinity.${name}`;
    const { [required]: must = [], [preferred]: may = [] } = affinity[name] ?? {};
    return [
      ...must.flatMap((term, at) => nullSelector(`${place}.${required}[${at}]`, term)),
      ...may.flatMap(({ podAffinityTerm }: WeightedPodAffinityTerm, at) => nullSelector(`${place}.${preferred}[${at}].podAffinityTerm`, podAffinityTerm)),
    ];
  });
}

function nullSelector(path: string, { labelSelector }: PodAffinityTerm): string[] {
  return labelSelector === undefined ? [`${path}.labelSelector: ${matchesNothing}`] : [];
}
