import { describe, expect, test } from "vitest";
import type { PolicyRule, RbacSubject } from "../../../protocol/kubernetes/generated/types.ts";
import type { Settings } from "../../settings/settings.ts";
import { onResource, type Attributes } from "../attributes.ts";
import { authorizeByRules, rulesFor } from "./authorize.ts";
import { ruleIndexOf } from "./rule-index.ts";
import { ruleAllows } from "./rules.ts";

/** `verb group/resource[/sub] namespace/name`, or `verb path`. */
function attributes(text: string): Attributes {
  const [verb = "", what = "", where = "/"] = text.split(" ");
  if (what.startsWith("path:")) return { isResource: false, verb, path: what.slice("path:".length) };
  const [group = "", resource = "", subresource = ""] = what.split("/");
  const [namespace = "", name = ""] = where.split("/");
  return onResource({ verb, group, resource, subresource, namespace, name });
}

describe("one rule", () => {
  const pods = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] };
  test.each<[rule: PolicyRule, request: string, isAllowed: boolean]>([
    [pods, "get /pods ns/p", true],
    [pods, "delete /pods ns/p", false],
    [pods, "get apps/pods ns/p", false],
    [pods, "get /pods/log ns/p", false],
    [pods, "get /services ns/s", false],
    [{ ...pods, verbs: ["*"] }, "escalate /pods ns/p", true],
    [{ ...pods, apiGroups: ["*"] }, "get apps/pods ns/p", true],
    [{ ...pods, resources: ["pods/log"] }, "get /pods/log ns/p", true],
    [{ ...pods, resources: ["pods/log"] }, "get /pods ns/p", false],
    [{ ...pods, resources: ["*"] }, "get /pods/log ns/p", true],
    [{ ...pods, resources: ["*/log"] }, "get /pods/log ns/p", true],
    [{ ...pods, resources: ["*/scale"] }, "get /pods/log ns/p", false],
    [{ ...pods, resources: ["*/scale"] }, "get /pods ns/p", false],
    [{ ...pods, resources: ["pods/*"] }, "get /pods/log ns/p", false],
    [{ ...pods, resourceNames: ["p"] }, "get /pods ns/p", true],
    [{ ...pods, resourceNames: ["p"] }, "get /pods ns/q", false],
    [{ ...pods, resourceNames: ["p"] }, "list /pods ns/", false],
    [{ ...pods, resourceNames: [] }, "list /pods ns/", true],
    [{ verbs: ["get"], nonResourceURLs: ["/healthz"] }, "get path:/healthz", true],
    [{ verbs: ["get"], nonResourceURLs: ["/healthz"] }, "get path:/healthz/ping", false],
    [{ verbs: ["get"], nonResourceURLs: ["/healthz/*"] }, "get path:/healthz/ping", true],
    [{ verbs: ["get"], nonResourceURLs: ["/healthz/*"] }, "get path:/healthz", false],
    [{ verbs: ["get"], nonResourceURLs: ["*"] }, "get path:/anything", true],
    [{ verbs: ["get"], nonResourceURLs: ["*"] }, "post path:/anything", false],
    [{ verbs: ["get"], nonResourceURLs: ["*"] }, "get /pods ns/p", false],
    [pods, "get path:/pods", false],
  ])("%j, %s: %s", (rule, request, isAllowed) => {
    expect(ruleAllows(rule, attributes(request))).toBe(isAllowed);
  });
});

const role = (name: string, ...rules: PolicyRule[]) => ({ metadata: { name }, rules });
const reads = (...resources: string[]): PolicyRule => ({ verbs: ["get", "list"], apiGroups: [""], resources });
const account = (name: string, namespace?: string): RbacSubject => ({ kind: "ServiceAccount", name, ...(namespace === undefined ? {} : { namespace }) });
const user = (name: string): RbacSubject => ({ kind: "User", name });
const group = (name: string): RbacSubject => ({ kind: "Group", name });

function binding(name: string, to: string, ...subjects: RbacSubject[]) {
  const [kind = "", roleName = ""] = to.split(":");
  return { metadata: { name }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: roleName }, subjects };
}

const inNamespace = <T extends { metadata: object }>(namespace: string, object: T) => ({ ...object, metadata: { ...object.metadata, namespace } });

const lists: Record<string, object[]> = {
  "clusterroles.rbac.authorization.k8s.io": [
    role("secrets", reads("secrets")), role("nodes", reads("nodes")), role("paths", { verbs: ["get"], nonResourceURLs: ["/metrics"] }),
  ],
  "roles.rbac.authorization.k8s.io": [inNamespace("ns", role("pods", reads("pods", "pods/log"))), inNamespace("other", role("pods", reads("services")))],
  "clusterrolebindings.rbac.authorization.k8s.io": [
    binding("nodes", "ClusterRole:nodes", user("bob"), account("agent", "ns")),
    binding("scrapers", "ClusterRole:paths", group("monitoring")),
    binding("lost", "ClusterRole:gone", user("eve")),
    binding("homeless", "ClusterRole:nodes", account("nowhere")),
  ],
  "rolebindings.rbac.authorization.k8s.io": [
    inNamespace("ns", binding("devs", "Role:pods", group("devs"), account("builder"))),
    inNamespace("other", binding("devs", "Role:pods", group("devs"))),
    inNamespace("ns", binding("secrets", "ClusterRole:secrets", user("bob"))),
    inNamespace("ns", binding("lost", "Role:gone", user("eve"))),
    inNamespace("ns", binding("empty", "Role:pods")),
  ],
};
const settings: Settings = { list: (resource) => (lists[resource] ?? []) as never[] };
const index = ruleIndexOf(settings);

const bob = { name: "bob", groups: ["system:authenticated"] };
const dev = { name: "alice", groups: ["devs"] };
const builder = { name: "system:serviceaccount:ns:builder", groups: ["system:serviceaccounts"] };

describe("bindings", () => {
  test.each<[sentence: string, who: typeof bob, request: string, reason: string]>([
    ["a ClusterRoleBinding grants everywhere", bob, "get /nodes /n1", 'ClusterRoleBinding "nodes" of ClusterRole "nodes" to User "bob"'],
    ["a RoleBinding grants a ClusterRole in its namespace", bob, "get /secrets ns/s", 'RoleBinding "secrets/ns" of ClusterRole "secrets" to User "bob"'],
    ["a group has what it is granted", dev, "list /pods ns/", 'RoleBinding "devs/ns" of Role "pods" to Group "devs"'],
    ["a Role is that of the binding's namespace", dev, "list /services other/", 'RoleBinding "devs/other" of Role "pods" to Group "devs"'],
    ["a ServiceAccount without a namespace is of the binding's", builder, "get /pods/log ns/p", 'RoleBinding "devs/ns" of Role "pods" to ServiceAccount "builder/ns"'],
    ["one of another namespace is a subject, too", { name: "system:serviceaccount:ns:agent", groups: [] }, "list /nodes /", 'ClusterRoleBinding "nodes" of ClusterRole "nodes" to ServiceAccount "agent/ns"'],
    ["paths are granted to the whole cluster", { name: "p", groups: ["monitoring"] }, "get path:/metrics", 'ClusterRoleBinding "scrapers" of ClusterRole "paths" to Group "monitoring"'],
  ])("%s", (_, who, request, reason) => {
    expect(authorizeByRules(index, who, attributes(request))).toEqual({ isAllowed: true, reason: `RBAC: allowed by ${reason}` });
  });

  test.each<[sentence: string, who: typeof bob, request: string, reason: string]>([
    ["nothing in other namespaces", bob, "get /secrets other/s", ""],
    ["nothing in all namespaces at once", bob, "list /secrets /", ""],
    ["a Role of the same name elsewhere grants nothing here", dev, "list /services ns/", ""],
    ["who is nobody's subject has nothing", { name: "carol", groups: [] }, "get /pods ns/p", ""],
    ["a role that is gone is named", { name: "eve", groups: [] }, "get /pods /", 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'],
    ["and so are two", { name: "eve", groups: [] }, "get /pods ns/p", 'RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, role.rbac.authorization.k8s.io "gone" not found]'],
  ])("%s", (_, who, request, reason) => {
    expect(authorizeByRules(index, who, attributes(request))).toEqual({ isAllowed: false, reason });
  });

  test("all that somebody holds in a namespace is what a review lists", () => {
    expect(rulesFor(index, { ...bob, groups: ["devs"] }, "ns").rules).toEqual([reads("nodes"), reads("secrets"), reads("pods", "pods/log")]);
    expect(rulesFor(index, bob, "").rules).toEqual([reads("nodes")]);
    expect(rulesFor(index, { name: "eve", groups: [] }, "").problems).toBe('clusterrole.rbac.authorization.k8s.io "gone" not found');
  });
});

test("a decision among ten thousand bindings looks at those of the subject only", () => {
  const many = Array.from({ length: 10_000 }, (_, at) => binding(`b${at}`, "ClusterRole:nodes", user(`u${at}`)));
  const big: Settings = { list: (resource) => (resource.startsWith("clusterrolebindings") ? many : (lists[resource] ?? [])) as never[] };
  expect(ruleIndexOf(big).holdingsOf({ name: "u77", groups: ["system:authenticated"] }, "ns").flatMap(({ grants }) => grants)).toHaveLength(1);
});
