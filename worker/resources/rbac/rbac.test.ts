import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf, updateErrorsOf } from "../testing.ts";

const group = "rbac.authorization.k8s.io";
const of = (kind: string, rest: object): KubernetesObject => ({ apiVersion: `${group}/v1`, kind, metadata: { name: "system:x", namespace: "ns" }, ...rest });
const rule = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const binding = (rest: object): KubernetesObject => of("RoleBinding", { roleRef: { kind: "Role", name: "reader" }, ...rest });

describe("is refused", () => {
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["a rule without verbs", of("Role", { rules: [{ ...rule, verbs: [] }] }), ["rules[0].verbs: Required value: verbs must contain at least one value"]],
    ["a rule without a group", of("Role", { rules: [{ ...rule, apiGroups: [] }] }), ["rules[0].apiGroups: Required value: resource rules must supply at least one api group"]],
    ["a rule without resources", of("Role", { rules: [{ ...rule, resources: [] }] }), ["rules[0].resources: Required value: resource rules must supply at least one resource"]],
    ["a path in a namespace", of("Role", { rules: [{ nonResourceURLs: ["/healthz"], verbs: ["get"] }] }), ['rules[0].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs']],
    ["a path together with resources", of("ClusterRole", { rules: [{ ...rule, nonResourceURLs: ["/healthz"] }] }), ['rules[0].nonResourceURLs: Invalid value: ["/healthz"]: rules cannot apply to both regular resources and non-resource URLs']],
    ["an aggregation of nothing", of("ClusterRole", { aggregationRule: {} }), ["aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil"]],
    ["a binding to no role", binding({ roleRef: { kind: "Role" } }), ["roleRef.name: Required value"]],
    ["a binding to another kind", binding({ roleRef: { kind: "Pod", name: "x" } }), ['roleRef.kind: Unsupported value: "Pod": supported values: "Role", "ClusterRole"']],
    ["a binding of the cluster to a namespace's role", of("ClusterRoleBinding", { roleRef: { kind: "Role", name: "x" } }), ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"']],
    ["a role with a slash in its name", binding({ roleRef: { kind: "Role", name: "a/b" } }), [`roleRef.name: Invalid value: "a/b": may not contain '/'`]],
    ["a subject of no known kind", binding({ subjects: [{ kind: "Robot", name: "x" }] }), ['subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"']],
    ["a nameless user", binding({ subjects: [{ kind: "User" }] }), ["subjects[0].name: Required value", 'subjects[0].name: Invalid value: "": user name cannot be empty']],
    ["a ServiceAccount of no namespace in the whole cluster", of("ClusterRoleBinding", { roleRef: { kind: "ClusterRole", name: "x" }, subjects: [{ kind: "ServiceAccount", name: "a" }] }), ["subjects[0].namespace: Required value"]],
    ["a user of a group of the API that is none", binding({ subjects: [{ kind: "User", name: "u", apiGroup: "apps" }] }), [`subjects[0].apiGroup: Unsupported value: "apps": supported values: "${group}"`]],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

it("a binding and its users get the group's name", () => {
  expect(created(binding({ subjects: [{ kind: "User", name: "u" }, { kind: "ServiceAccount", name: "s", namespace: "ns" }] }))).toMatchObject({
    roleRef: { apiGroup: group },
    subjects: [{ kind: "User", name: "u", apiGroup: group }, { kind: "ServiceAccount", name: "s", namespace: "ns" }],
  });
});

it("a binding keeps its role for life", () => {
  const refused = `roleRef: Invalid value: {"apiGroup":"${group}","kind":"Role","name":"writer"}: cannot change roleRef`;
  expect(updateErrorsOf(binding({ roleRef: { apiGroup: group, kind: "Role", name: "writer" } }), binding({}))).toEqual([refused]);
  expect(updateErrorsOf(binding({ subjects: [{ kind: "Group", name: "g" }] }), binding({}))).toEqual([]);
});

it("a binding's row says the role, and wide, who has it", () => {
  const subjects = [{ kind: "User", name: "u" }, { kind: "User", name: "v" }, { kind: "Group", name: "g" }, { kind: "ServiceAccount", name: "s", namespace: "ns" }];
  expect(rowOf(binding({ subjects }))).toEqual({ Name: "system:x", Role: "Role/reader", Age: "5m", Users: "u, v", Groups: "g", ServiceAccounts: "ns/s" });
});
