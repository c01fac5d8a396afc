import { describe, expect, test } from "vitest";
import type { Settings } from "../settings/settings.ts";
import { noSettings } from "../settings/settings.ts";
import { onResource, type Attributes } from "./attributes.ts";
import { authorize, authorizeAtOnce } from "./authorize.ts";
import { authorizeNode } from "./node-authorizer.ts";
import { admin, anonymous, nodeUser } from "./user.ts";

const node = nodeUser("n1", 1);

/** `verb group/resource[/sub] namespace/name [field=value]` */
function attributes(text: string) {
  const [verb = "", what = "", where = "/", limit = ""] = text.split(" ");
  const [group = "", resource = "", subresource = ""] = what.split("/");
  const [namespace = "", name = ""] = where.split("/");
  const [field = "", value = ""] = limit.split("=");
  const fields = limit === "" ? [] : [{ field, operator: "=" as const, value }];
  return onResource({ verb, group, resource, subresource, namespace, name, fields });
}

describe("a node", () => {
  test.each([
    ["get /nodes /n1", "allow"],
    ["watch /nodes /n1", "allow"],
    ["patch /nodes/status /n1", "allow"],
    ["get /nodes /n2", "deny"],
    ["patch /nodes/status /n2", "deny"],
    ["create /nodes /", "deny"],
    ["delete /nodes /n1", "deny"],
    ["list /nodes /", "deny"],
    ["get /nodes/proxy /n1", "deny"],
    ["get /pods ns/p", "ifBound"],
    ["delete /pods ns/p", "ifBound"],
    ["patch /pods/status ns/p", "ifBound"],
    ["create /pods/eviction ns/p", "ifBound"],
    ["list /pods / spec.nodeName=n1", "allow"],
    ["list /pods / spec.nodeName=n2", "deny"],
    ["watch /pods /", "deny"],
    ["patch /pods ns/p", "deny"],
    ["create /pods ns/", "deny"],
    ["create /pods/binding ns/p", "deny"],
    ["get /pods/exec ns/p", "deny"],
    ["get /secrets ns/s", "ifBound"],
    ["list /secrets ns/", "deny"],
    ["watch /secrets ns/s", "deny"],
    ["get /configmaps ns/c", "ifBound"],
    ["update /configmaps ns/c", "deny"],
    ["get /persistentvolumeclaims ns/c", "ifBound"],
    ["patch /persistentvolumeclaims/status ns/c", "ifBound"],
    ["patch /persistentvolumeclaims ns/c", "deny"],
    ["get /persistentvolumes /v", "ifBound"],
    ["create /serviceaccounts/token ns/a", "ifBound"],
    ["get /serviceaccounts ns/a", "deny"],
    ["create /serviceaccounts ns/", "deny"],
    ["get resource.k8s.io/resourceclaims ns/c", "ifBound"],
    ["create resource.k8s.io/resourceslices /", "allow"],
    ["delete resource.k8s.io/resourceslices /s", "ifBound"],
    ["list resource.k8s.io/resourceslices /", "deny"],
    ["list resource.k8s.io/resourceslices / spec.nodeName=n1", "allow"],
    ["update storage.k8s.io/csinodes /n1", "allow"],
    ["update storage.k8s.io/csinodes /n2", "deny"],
    ["list storage.k8s.io/csinodes /", "deny"],
    ["get storage.k8s.io/volumeattachments /a", "ifBound"],
    ["watch /services /", "allow"],
    ["create /services ns/", "deny"],
    ["list discovery.k8s.io/endpointslices /", "allow"],
    ["create /events ns/", "allow"],
    ["get /events ns/e", "deny"],
    ["create authentication.k8s.io/tokenreviews /", "allow"],
    ["create authorization.k8s.io/subjectaccessreviews /", "allow"],
    ["create certificates.k8s.io/certificatesigningrequests /", "allow"],
    ["update certificates.k8s.io/certificatesigningrequests/approval /c", "deny"],
    ["update coordination.k8s.io/leases kube-node-lease/n1", "allow"],
    ["create coordination.k8s.io/leases kube-node-lease/", "allow"],
    ["update coordination.k8s.io/leases kube-node-lease/n2", "deny"],
    ["update coordination.k8s.io/leases default/n1", "deny"],
    ["list apps/deployments ns/", "deny"],
  ])("%s: %s", (text, decision) => {
    expect(authorizeNode("n1", attributes(text)).decision).toBe(decision);
  });

  test.each([
    ["/kedge/v1/nodes/n1/poll", true],
    ["/kedge/v1/nodes/n2/poll", undefined],
    ["/kedge/v1/sessions/abc", true],
    ["/kedge/v1/jointokens", undefined],
    ["/metrics", undefined],
  ])("asks %s: %s at once", (path, isAllowed) => {
    expect(authorizeAtOnce(node, { isResource: false, verb: "post", path })?.isAllowed).toBe(isAllowed);
  });

  test("is told in the node authorizer's words why not", async () => {
    const ports = { settings: none, verifiedSettings: none, isBound: () => Promise.resolve(false) };
    expect(await authorize(node, attributes("get /secrets ns/s"), ports)).toEqual({
      isAllowed: false, reason: "no relationship found between node 'n1' and this object",
    });
  });
});

const none = () => Promise.resolve(noSettings);
const path = (verb: string, text: string): Attributes => ({ isResource: false, verb, path: text });

test("the admin may everything, and no rules are looked at", () => {
  expect(authorizeAtOnce(admin, attributes("delete /nodes /n1"))?.isAllowed).toBe(true);
});

test("probes are answered to everybody, and what nothing serves is refused, without a look at the rules", () => {
  expect(authorizeAtOnce(anonymous, path("get", "/readyz/store"))?.isAllowed).toBe(true);
  expect(authorizeAtOnce(anonymous, path("post", "/readyz"))?.isAllowed).not.toBe(true);
  expect(authorizeAtOnce(anonymous, path("get", "/wp-login.php"))?.isAllowed).toBe(false);
  expect(authorizeAtOnce(anonymous, path("get", "/apis"))).toBeUndefined();
});

describe("a refusal", () => {
  const granted: Settings = {
    list: (resource) => (lists[resource] ?? []) as never[],
  };
  const lists: Record<string, object[]> = {
    "clusterroles.rbac.authorization.k8s.io": [{ metadata: { name: "reader" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] }],
    "clusterrolebindings.rbac.authorization.k8s.io": [{
      metadata: { name: "everyone" },
      roleRef: { apiGroup: "", kind: "ClusterRole", name: "reader" },
      subjects: [{ kind: "User", name: "bob" }, { kind: "User", name: "system:anonymous" }],
    }],
  };
  const ports = { settings: none, verifiedSettings: () => Promise.resolve(granted), isBound: () => Promise.resolve(false) };

  test("looks at the rules as they are now: a grant of a moment ago counts", async () => {
    const decision = await authorize({ name: "bob", groups: [] }, attributes("get /pods ns/p"), ports);
    expect(decision).toEqual({ isAllowed: true, reason: 'RBAC: allowed by ClusterRoleBinding "everyone" of ClusterRole "reader" to User "bob"' });
  });

  test("costs no question for strangers", async () => {
    expect(await authorize(anonymous, attributes("get /pods ns/p"), ports)).toEqual({ isAllowed: false, reason: "" });
  });
});
