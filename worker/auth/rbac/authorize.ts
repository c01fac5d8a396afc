/** RBAC's word on a request (k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac). */
import type { PolicyRule } from "../../../protocol/kubernetes/generated/types.ts";
import type { Attributes, Decision } from "../attributes.ts";
import type { Holding, RuleIndex } from "./rule-index.ts";
import { resourceKeysOf, ruleAllows } from "./rules.ts";

type Subject = { name: string; groups: readonly string[] };

export function authorizeByRules(index: RuleIndex, user: Subject, attributes: Attributes): Decision {
  const holdings = index.holdingsOf(user, attributes.isResource ? attributes.namespace : "");
  for (const holding of holdings) {
    const held = candidatesIn(holding, attributes).find(({ rule }) => ruleAllows(rule, attributes));
    if (held !== undefined) return { isAllowed: true, reason: `RBAC: allowed by ${held.grant.description}` };
  }
  const problems = problemsOf(holdings);
  return { isAllowed: false, reason: problems === "" ? "" : `RBAC: ${problems}` };
}

function candidatesIn(holding: Holding, attributes: Attributes): ReturnType<Holding["rulesFor"]> {
  if (!attributes.isResource) return holding.rulesForPaths;
  return resourceKeysOf(attributes).flatMap((key) => holding.rulesFor(key));
}

export interface HeldRules {
  rules: PolicyRule[];
  /** What could not be resolved; `""` if nothing. */
  problems: string;
}

/** Everything that a user may in a namespace (`""`: cluster-wide only). */
export function rulesFor(index: RuleIndex, user: Subject, namespace: string): HeldRules {
  const holdings = index.holdingsOf(user, namespace);
  return { rules: holdings.flatMap(({ grants }) => grants.flatMap(({ rules }) => rules)), problems: problemsOf(holdings) };
}

/** As an aggregate of errors is shown upstream. */
function problemsOf(holdings: Holding[]): string {
  const all = [...new Set(holdings.flatMap(({ grants }) => grants.flatMap(({ problem }) => problem ?? [])))];
  return all.length > 1 ? `[${all.join(", ")}]` : (all[0] ?? "");
}
