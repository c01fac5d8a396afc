import { describe, expect, test } from "vitest";
import type { PolicyRule } from "../../../protocol/kubernetes/generated/types.ts";
import { describeRules, uncovered } from "./covers.ts";

/** `verbs groups resources [names]` or `verbs url`, each list parted by commas; `core` is the core group. */
function rule(text: string): PolicyRule {
  const [verbs = "", groups = "", resources, names] = text.split(" ");
  const list = (part: string) => part.split(",").map((one) => (one === "core" ? "" : one));
  if (resources === undefined) return { verbs: list(verbs), nonResourceURLs: list(groups) };
  const rest = names === undefined ? {} : { resourceNames: list(names) };
  return { verbs: list(verbs), apiGroups: list(groups), resources: list(resources), ...rest };
}

describe("rules cover", () => {
  test.each<[held: string[], wanted: string, missing: string[]]>([
    [["get core pods"], "get core pods", []],
    [["get core pods"], "get,list core pods", ['{APIGroups:[""], Resources:["pods"], Verbs:["list"]}']],
    [["get core pods", "list core pods"], "get,list core pods", []],
    [["* * *"], "escalate rbac.authorization.k8s.io roles", []],
    [["* * *"], "get /healthz", ['{NonResourceURLs:["/healthz"], Verbs:["get"]}']],
    [["get core *"], "get core pods,pods/log", []],
    [["get core pods"], "get core pods/log", ['{APIGroups:[""], Resources:["pods/log"], Verbs:["get"]}']],
    [["get core */log"], "get core pods/log", []],
    [["get core */log"], "get core pods", ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}']],
    [["get core pods"], "get core *", ['{APIGroups:[""], Resources:["*"], Verbs:["get"]}']],
    [["get core pods"], "get core pods p", []],
    [["get core pods p"], "get core pods", ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}']],
    [["get core pods p"], "get core pods p,q", ['{APIGroups:[""], Resources:["pods"], ResourceNames:["q"], Verbs:["get"]}']],
    [["get core pods"], "get apps pods", ['{APIGroups:["apps"], Resources:["pods"], Verbs:["get"]}']],
    [["get apps deployments"], "get apps,core deployments", ['{APIGroups:[""], Resources:["deployments"], Verbs:["get"]}']],
    [["get /api/*"], "get /api/v1", []],
    [["get /api"], "get /api/v1", ['{NonResourceURLs:["/api/v1"], Verbs:["get"]}']],
    [["get /api/*"], "get *", ['{NonResourceURLs:["*"], Verbs:["get"]}']],
    [[], "get,list core secrets,pods", ['{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}', '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}']],
    [[], "get,put /a", ['{NonResourceURLs:["/a"], Verbs:["get"]}', '{NonResourceURLs:["/a"], Verbs:["put"]}']],
  ])("%j cover %s but for %j", (held, wanted, missing) => {
    expect(describeRules(uncovered(held.map(rule), [rule(wanted)]))).toEqual(missing);
  });
});
