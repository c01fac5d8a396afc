import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { resourceByKind } from "../resources/registry.ts";
import type { Settings } from "../settings/settings.ts";
import { restrictGrant } from "./escalation.ts";
import { authorizeByRules } from "./rbac/authorize.ts";
import { ruleIndexOf } from "./rbac/rule-index.ts";
import { admin, type User } from "./user.ts";

const group = "rbac.authorization.k8s.io";
const role = (name: string, ...rules: object[]) => ({ metadata: { name }, rules });
const bindTo = (name: string, user: string) => ({ metadata: { name: `${name}-${user}` }, roleRef: { apiGroup: group, kind: "ClusterRole", name }, subjects: [{ kind: "User", name: user }] });
const inNs = <T extends { metadata: object }>(object: T) => ({ ...object, metadata: { ...object.metadata, namespace: "ns" } });

const pods = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] };
const secrets = { verbs: ["get"], apiGroups: [""], resources: ["secrets"] };
const lists: Record<string, object[]> = {
  [`clusterroles.${group}`]: [
    role("pods", pods),
    role("secrets", secrets),
    role("all", { verbs: ["*"], apiGroups: ["*"], resources: ["*"] }, { verbs: ["*"], nonResourceURLs: ["*"] }),
    role("escalate", { verbs: ["escalate"], apiGroups: [group], resources: ["roles"] }),
    role("bind", { verbs: ["bind"], apiGroups: [group], resources: ["clusterroles"], resourceNames: ["secrets"] }),
  ],
  [`clusterrolebindings.${group}`]: [bindTo("pods", "everywhere"), bindTo("all", "root"), bindTo("gone", "lost")],
  [`rolebindings.${group}`]: [
    inNs(bindTo("pods", "reader")), inNs(bindTo("escalate", "escalator")), inNs(bindTo("bind", "binder")),
  ],
};
const settings: Settings = { list: (resource) => (lists[resource] ?? []) as never[] };
const ports = {
  authorize: (user: User, attributes: Parameters<typeof authorizeByRules>[2]) => Promise.resolve(authorizeByRules(ruleIndexOf(settings), user, attributes)),
  settings: () => Promise.resolve(settings),
};

async function outcome(user: User, kind: string, next: KubernetesObject, previous?: KubernetesObject): Promise<string> {
  const resource = resourceByKind(`${group}/v1`, kind);
  if (resource === undefined) throw new Error(kind);
  const namespace = resource.isNamespaced ? "ns" : "";
  try {
    await restrictGrant({ user, resource, namespace, next, ...(previous === undefined ? {} : { previous }) }, ports);
    return "may";
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const as = (name: string): User => ({ name, groups: ["system:authenticated"] });
const refused = (who: string, kinds: string, name: string, ...missing: string[]) =>
  `403 ${kinds}.${group} "${name}" is forbidden: user "${who}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n${missing.join("\n")}`;

const newRole = (...rules: object[]) => role("new", ...rules) as KubernetesObject;
const newBinding = (kind: string, name: string): KubernetesObject => ({ metadata: { name: "new" }, roleRef: { apiGroup: group, kind, name }, subjects: [] });
const getSecrets = '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}';

describe("roles", () => {
  test.each<[sentence: string, user: User, kind: string, next: KubernetesObject, outcome: string]>([
    ["the admin may write any", admin, "ClusterRole", newRole(secrets), "may"],
    ["who holds the rules may write them", as("reader"), "Role", newRole(pods), "may"],
    ["who holds them everywhere, too", as("everywhere"), "Role", newRole(pods), "may"],
    ["who holds them in a namespace only may not write them for all", as("reader"), "ClusterRole", newRole(pods), refused("reader", "clusterroles", "new", '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}')],
    ["what is not held is named", as("reader"), "Role", newRole(pods, secrets), refused("reader", "roles", "new", getSecrets)],
    ["who may escalate may write any", as("escalator"), "Role", newRole(secrets), "may"],
    ["a rule's failure to resolve is told", as("lost"), "Role", newRole(secrets), `${refused("lost", "roles", "new", getSecrets)}; resolution errors: [clusterrole.${group} "gone" not found]`],
    ["an aggregation needs everything", as("everywhere"), "ClusterRole", { ...newRole(), aggregationRule: { clusterRoleSelectors: [] } }, `403 clusterroles.${group} "new" is forbidden: must have cluster-admin privileges to use the aggregationRule`],
    ["who has everything may aggregate", as("root"), "ClusterRole", { ...newRole(), aggregationRule: { clusterRoleSelectors: [] } }, "may"],
  ])("%s", async (_, user, kind, next, expected) => {
    expect(await outcome(user, kind, next)).toBe(expected);
  });

  test("an update that only lets the object end is not judged; any other is, whole", async () => {
    const previous = { ...newRole(secrets), metadata: { name: "new", namespace: "ns", finalizers: ["a/b"] } };
    expect(await outcome(as("reader"), "Role", { ...previous, metadata: { name: "new", namespace: "ns" } }, previous)).toBe("may");
    expect(await outcome(as("reader"), "Role", { ...previous, metadata: { ...previous.metadata, labels: { a: "b" } } }, previous)).toBe(refused("reader", "roles", "new", getSecrets));
  });

  test("taking an aggregation away needs everything, too", async () => {
    const previous = { ...newRole(), aggregationRule: { clusterRoleSelectors: [] } };
    expect(await outcome(as("everywhere"), "ClusterRole", newRole(), previous)).toContain("cluster-admin privileges");
  });
});

describe("bindings", () => {
  test.each<[sentence: string, user: User, kind: string, next: KubernetesObject, outcome: string]>([
    ["who holds the role's rules may bind it", as("reader"), "RoleBinding", newBinding("ClusterRole", "pods"), "may"],
    ["who does not may not", as("reader"), "RoleBinding", newBinding("ClusterRole", "secrets"), refused("reader", "rolebindings", "new", getSecrets)],
    ["nor for the whole cluster what is held in a namespace", as("reader"), "ClusterRoleBinding", newBinding("ClusterRole", "pods"), refused("reader", "clusterrolebindings", "new", '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}')],
    ["who may bind that role may", as("binder"), "RoleBinding", newBinding("ClusterRole", "secrets"), "may"],
    ["but no other", as("binder"), "RoleBinding", newBinding("ClusterRole", "pods"), refused("binder", "rolebindings", "new", '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}')],
    ["a role that is not there cannot be compared", as("reader"), "RoleBinding", newBinding("Role", "gone"), `404 role.${group} "gone" not found`],
    ["what is no reference is left to validation", as("reader"), "RoleBinding", { metadata: { name: "new" } }, "may"],
    ["the admin may bind one all the same", admin, "RoleBinding", newBinding("Role", "gone"), "may"],
  ])("%s", async (_, user, kind, next, expected) => {
    expect(await outcome(user, kind, next)).toBe(expected);
  });
});
