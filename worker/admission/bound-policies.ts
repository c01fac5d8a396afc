/** Policies with their bindings: which of them a request concerns. Pure. */
import type { MatchCondition, MatchResources, ParamKind, ParamRef, Variable } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { SettingResource } from "../resources/settings.ts";
import { derived, type Settings } from "../settings/settings.ts";
import { isExempt, isSelected, matchesRule } from "./matching.ts";
import type { Review } from "./request.ts";

/** What all policies have. */
export type Policy = KubernetesObject & {
  spec?: {
    failurePolicy?: string;
    matchConditions?: MatchCondition[];
    matchConstraints?: MatchResources;
    paramKind?: ParamKind;
    variables?: Variable[];
  };
};

export type Binding = KubernetesObject & { spec?: { policyName?: string; matchResources?: MatchResources; paramRef?: ParamRef } };

/** A policy as one binding uses it. */
export interface Bound<P extends Policy = Policy, B extends Binding = Binding> {
  policy: Stored<P>;
  binding: Stored<B>;
}

/** By the policies' names, and for each by its bindings'. One without a binding has no effect. */
export function boundPolicies<P extends Policy, B extends Binding>(policies: SettingResource, bindings: SettingResource): (settings: Settings) => Bound<P, B>[] {
  return derived([policies, bindings], (settings) => {
    const byPolicy = Map.groupBy(settings.list<B>(bindings), ({ spec }) => spec?.policyName ?? "");
    const living = settings.list<P>(policies).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return living.flatMap((policy) => (byPolicy.get(policy.metadata.name) ?? []).map((binding) => ({ policy, binding })));
  });
}

/** By their rules alone: what selectors and conditions say depends on the object. */
export function concernedBy<P extends Policy, B extends Binding>(all: Bound<P, B>[], review: Review): Bound<P, B>[] {
  if (all.length === 0 || isExempt(review)) return [];
  return all.filter(({ policy, binding }) => isConcerned(policy.spec?.matchConstraints, review) && isConcerned(binding.spec?.matchResources, review));
}

function isConcerned(resources: MatchResources | undefined, review: Review): boolean {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy } = resources ?? {};
  const isNamed = (rules: typeof resourceRules) => rules.some((rule) => matchesRule(rule, review, matchPolicy));
  return (resourceRules.length === 0 || isNamed(resourceRules)) && !isNamed(excludeResourceRules);
}

export function isSelectedBy({ policy, binding }: Bound, review: Review, namespace: KubernetesObject | undefined): boolean {
  return [policy.spec?.matchConstraints, binding.spec?.matchResources].every((resources) => isSelected(resources ?? {}, review, namespace));
}
