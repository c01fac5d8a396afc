/** kubectl's words about access, against the whole control plane; no node is needed. */
import { describe, expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-agent", "--no-example");
const kubectl = (args: string | string[], input?: string) => use.current.kubectl(args, input === undefined ? {} : { input });
const fails = (args: string | string[]) => use.current.kubectlFails(args);

describe("kubectl auth", () => {
  it("whoami", async () => {
    expect(await kubectl("auth whoami")).toMatch(/Username\s+kubernetes-admin[^]*Groups\s+\[system:masters system:authenticated\]/);
    const bob = await kubectl("auth whoami --as bob --as-group devs --as-uid 7 --as-user-extra scopes=view -o json");
    expect(JSON.parse(bob).status.userInfo).toEqual({ username: "bob", uid: "7", groups: ["devs", "system:authenticated"], extra: { scopes: ["view"] } });
  });

  it("can-i, before and after a grant", async () => {
    expect(await kubectl("auth can-i delete nodes")).toBe("yes\n");
    await fails("auth can-i list pods --as vera");
    expect(await fails("get pods --as vera")).toContain('pods is forbidden: User "vera" cannot list resource "pods" in API group "" in the namespace "default"');
    await kubectl("create rolebinding viewers --clusterrole=view --user=vera --serviceaccount=default:robot");
    expect(await kubectl("auth can-i list pods --as vera")).toBe("yes\n");
    expect(await kubectl("auth can-i get pods/log --as system:serviceaccount:default:robot")).toBe("yes\n");
    await fails("auth can-i get secrets --as vera");
    expect(await kubectl("get pods --as vera")).toBe("");
    expect(await kubectl("auth can-i get /apis --as vera")).toBe("yes\n");
  });

  it("can-i --list", async () => {
    const list = await kubectl("auth can-i --list --as vera");
    expect(list).toMatch(/selfsubjectreviews\.authentication\.k8s\.io\s+\[\]\s+\[\]\s+\[create\]/);
    expect(list).toMatch(/pods\/log\s+\[\]\s+\[\]\s+\[get list watch\]/);
    expect(list).toMatch(/\[\/version\]\s+\[\]\s+\[get\]/);
    expect(await kubectl("auth can-i --list")).toMatch(/\*\.\*\s+\[\]\s+\[\]\s+\[\*\]/);
  });

  it("reconcile", async () => {
    const manifest = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: widgets, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules: [{apiGroups: [acme.com], resources: [widgets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: widgets}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: widgets}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: wendy}]
`;
    const reconcile = async (text: string) => await kubectl("auth reconcile -f -", text);
    expect(await reconcile(manifest)).toContain("clusterrole.rbac.authorization.k8s.io/widgets reconciled");
    await reconcile(manifest.replace("[get]", "[get, list]"));
    expect(await kubectl("get clusterrole widgets -o jsonpath={.rules}")).toContain('"list"');
    // Another role: the binding is deleted and made anew.
    await reconcile(manifest.replace("kind: ClusterRole, name: widgets", "kind: ClusterRole, name: view"));
    expect(await kubectl("get clusterrolebinding widgets -o jsonpath={.roleRef.name}")).toBe("view");
    await eventually(async () => expect(await kubectl("get clusterrole view -o yaml")).toContain("acme.com"));
    expect(await kubectl("auth can-i list configmaps --all-namespaces --as wendy")).toBe("yes\n");
  });

  it("nobody grants what they do not hold", async () => {
    await kubectl("create rolebinding admins --clusterrole=admin --user=ada");
    expect(await kubectl("create role pods --verb=get --resource=pods --as ada")).toContain("created");
    expect(await fails("create role nodes --verb=get --resource=nodes --as ada")).toContain(
      'roles.rbac.authorization.k8s.io "nodes" is forbidden: user "ada" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}');
  });

  it("describes and lists roles", async () => {
    expect(await kubectl("describe clusterrole system:basic-user")).toMatch(/selfsubjectreviews\.authentication\.k8s\.io\s+\[\]\s+\[\]\s+\[create\]/);
    expect(await kubectl("get clusterrolebinding cluster-admin -o wide")).toMatch(/cluster-admin\s+ClusterRole\/cluster-admin\s+\S+\s+system:masters/);
  });
});
