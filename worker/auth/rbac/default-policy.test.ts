import { describe, expect, test } from "vitest";
import type { ClusterRole } from "../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { statedRules } from "../../resources/stated-rules.ts";
import { resourceOf } from "../../resources/registry.ts";
import { noSettings, type Settings } from "../../settings/settings.ts";
import { onResource } from "../attributes.ts";
import { authorizeByRules } from "./authorize.ts";
import { aggregated, aggregatedRules } from "./aggregation.ts";
import { defaultPolicy } from "./default-policy.ts";
import { isPolicyThere, policyChanges } from "./reconcile-policy.ts";
import { ruleIndexOf } from "./rule-index.ts";

const policy = defaultPolicy();
const everything: KubernetesObject[] = Object.values(policy).flat();

/** A cluster that holds these objects. */
function clusterOf(objects: KubernetesObject[]): Settings {
  const stored = objects.map((object, at) => ({ ...object, metadata: { uid: `u${at}`, resourceVersion: "1", creationTimestamp: "", name: "", ...object.metadata } }));
  return { list: (key) => stored.filter((object) => key === `${resourceOf(object)?.plural}.rbac.authorization.k8s.io`) as never[] };
}

describe("the default policy", () => {
  test("is valid, object by object", () => {
    for (const object of everything) {
      const resource = resourceOf(object);
      expect([object.metadata?.name, resource === undefined ? "no kind" : [...statedRules.validate(resource, object), ...resource.validate(object)]]).toEqual([object.metadata?.name, []]);
    }
  });

  const settings = clusterOf([
    ...everything,
    ...["admin", "edit", "view"].map((name): KubernetesObject => ({
      apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name, namespace: "ns" },
      roleRef: { apiGroup: "", kind: "ClusterRole", name }, subjects: [{ kind: "User", name }],
    })),
  ]);
  const may = (name: string, groups: string[], request: string) => {
    const [verb = "", what = "", namespace = ""] = request.split(" ");
    const [group = "", resource = "", subresource = ""] = what.split("/");
    const attributes = what.startsWith("/") && group === "" && namespace === "path"
      ? { isResource: false as const, verb, path: what }
      : onResource({ verb, group, resource, subresource, namespace });
    return authorizeByRules(ruleIndexOf(settings), { name, groups }, attributes).isAllowed;
  };

  test.each<[name: string, request: string, isAllowed: boolean]>([
    ["view", "list /pods ns", true],
    ["view", "get /pods/log ns", true],
    ["view", "get /secrets ns", false],
    ["view", "create /pods ns", false],
    ["view", "get rbac.authorization.k8s.io/roles ns", false],
    ["edit", "list /pods ns", true],
    ["edit", "get /secrets ns", true],
    ["edit", "create /pods/exec ns", true],
    ["edit", "create apps/deployments ns", true],
    ["edit", "patch apps/deployments/scale ns", true],
    ["edit", "create /endpoints ns", false],
    ["edit", "create /resourcequotas ns", false],
    ["edit", "create rbac.authorization.k8s.io/roles ns", false],
    ["edit", "impersonate /serviceaccounts ns", true],
    ["admin", "create rbac.authorization.k8s.io/rolebindings ns", true],
    ["admin", "create /pods ns", true],
    ["admin", "list /pods ns", true],
    ["admin", "create authorization.k8s.io/localsubjectaccessreviews ns", true],
    ["admin", "update /namespaces ns", false],
    ["admin", "escalate rbac.authorization.k8s.io/roles ns", false],
    ["admin", "list /pods other", false],
    ["admin", "list /nodes ", false],
  ])("%s: %s is %s", (name, request, isAllowed) => {
    expect(may(name, [], request)).toBe(isAllowed);
  });

  test.each<[group: string, request: string, isAllowed: boolean]>([
    ["system:authenticated", "get /apis/apps/v1 path", true],
    ["system:authenticated", "get /openapi/v3 path", true],
    ["system:authenticated", "create authorization.k8s.io/selfsubjectaccessreviews ", true],
    ["system:authenticated", "create authentication.k8s.io/selfsubjectreviews ", true],
    ["system:authenticated", "create authorization.k8s.io/subjectaccessreviews ", false],
    ["system:unauthenticated", "get /version path", true],
    ["system:unauthenticated", "get /api path", false],
    ["system:unauthenticated", "create authorization.k8s.io/selfsubjectaccessreviews ", false],
    ["system:monitoring", "get /metrics path", true],
    ["system:serviceaccounts", "get /openid/v1/jwks path", true],
    ["system:masters", "delete /nodes ", true],
    ["system:nodes", "get /secrets ns", false],
  ])("who is of %s: %s is %s", (group, request, isAllowed) => {
    expect(may("somebody", [group], request)).toBe(isAllowed);
  });
});

describe("the roles of controllers", () => {
  test("are bound to the accounts of their names", () => {
    const binding = policy.clusterRoleBindings.find(({ metadata }) => metadata.name === "system:controller:job-controller");
    expect(binding).toMatchObject({ roleRef: { name: "system:controller:job-controller" }, subjects: [{ kind: "ServiceAccount", namespace: "kube-system", name: "job-controller" }] });
    const role = policy.clusterRoles.find(({ metadata }) => metadata.name === "system:controller:job-controller");
    expect(role?.rules).toContainEqual({ verbs: ["create", "delete", "list", "patch", "watch"], apiGroups: [""], resources: ["pods"] });
    expect(role?.rules?.at(-1)).toEqual({ verbs: ["create", "patch", "update"], apiGroups: ["", "events.k8s.io"], resources: ["events"] });
  });

  test.each([
    ["kube-system", "extension-apiserver-authentication-reader", "system::extension-apiserver-authentication-reader", ["system:kube-controller-manager", "system:kube-scheduler"]],
    ["kube-system", "system::leader-locking-kube-scheduler", "system::leader-locking-kube-scheduler", ["system:kube-scheduler", "kube-scheduler"]],
    ["kube-system", "system:controller:token-cleaner", "system:controller:token-cleaner", ["token-cleaner"]],
    ["kube-public", "system:controller:bootstrap-signer", "system:controller:bootstrap-signer", ["bootstrap-signer"]],
  ])("in %s: %s by %s has %j", (namespace, role, binding, subjects) => {
    const found = policy.roleBindings.find(({ metadata, roleRef }) => metadata.namespace === namespace && roleRef.name === role);
    expect([found?.metadata.name, found?.subjects?.map(({ name }) => name)]).toEqual([binding, subjects]);
    expect(policy.roles.some(({ metadata }) => metadata.namespace === namespace && metadata.name === role)).toBe(true);
  });
});

describe("reconciliation", () => {
  test("writes everything into an empty cluster, and nothing into a complete one", () => {
    expect(policyChanges(noSettings).create).toHaveLength(everything.length);
    expect(policyChanges(clusterOf(everything))).toEqual({ create: [], update: [] });
    expect(isPolicyThere(clusterOf(everything))).toBe(true);
    expect(isPolicyThere(clusterOf(everything.slice(1)))).toBe(false);
  });

  const changed = (name: string, change: (object: KubernetesObject) => KubernetesObject) =>
    policyChanges(clusterOf(everything.map((object) => (object.metadata?.name === name && object.kind?.startsWith("ClusterRole") ? change(object) : object))));

  test("adds rules and subjects that are missing, and takes none away", () => {
    const own = { verbs: ["get"], apiGroups: ["acme.com"], resources: ["things"] };
    const { update } = changed("system:basic-user", (object) => (object.kind === "ClusterRole" ? { ...object, rules: [own] } : { ...object, subjects: [] }));
    const [role, binding] = update.map(({ next }) => next);
    expect((role as ClusterRole).rules).toEqual([own, ...(policy.clusterRoles.find(({ metadata }) => metadata.name === "system:basic-user")?.rules ?? [])]);
    expect(binding).toMatchObject({ subjects: [{ kind: "Group", name: "system:authenticated" }] });
  });

  test("leaves alone what is not to be updated", () => {
    const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "false" };
    expect(changed("system:discovery", (object) => ({ ...object, metadata: { ...object.metadata, annotations }, rules: [], subjects: [] })).update).toEqual([]);
  });
});

describe("aggregation", () => {
  const rule = (resource: string) => ({ verbs: ["get"], apiGroups: [""], resources: [resource] });
  const role = (name: string, labels: Record<string, string>, rules: object[], gathers?: string) => ({
    metadata: { name, labels },
    rules,
    ...(gathers === undefined ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: gathers } }] } }),
  }) as Stored<ClusterRole>;

  test("gathers by label, in the order of names, each rule once, and never its own", () => {
    const own = role("x", { to: "x" }, [rule("own")], "x");
    const all = [own, role("b", { to: "x" }, [rule("pods"), rule("nodes")]), role("a", { to: "x" }, [rule("nodes")]), role("c", {}, [rule("secrets")])];
    expect(aggregatedRules(own, all)).toEqual([rule("nodes"), rule("pods")]);
  });

  test("goes through roles that are gathered themselves, and ends in circles", () => {
    const chain = [role("top", {}, [], "top"), role("middle", { to: "top" }, [], "middle"), role("low", { to: "middle" }, [rule("pods")])];
    expect(aggregated(chain).map(({ metadata, rules }) => [metadata.name, rules])).toEqual([["top", [rule("pods")]], ["middle", [rule("pods")]]]);
    const settle = (roles: Stored<ClusterRole>[]) => roles.map((role) => aggregated(roles).find(({ metadata }) => metadata.name === role.metadata.name) ?? role);
    expect(aggregated(settle(chain))).toEqual([]);
    const circle = [role("a", { to: "b" }, [rule("pods")], "a"), role("b", { to: "a" }, [rule("nodes")], "b")];
    expect(aggregated(settle(circle))).toEqual([]);
  });
});
