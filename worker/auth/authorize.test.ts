import { describe, expect, test } from "vitest";
import { authorize, authorizePath } from "./authorize.ts";
import { admin, anonymous, nodeUser } from "./user.ts";

const node = nodeUser("n1", 1);

/** `verb group/resource[/sub] namespace/name` */
function attributes(text: string) {
  const [verb = "", what = "", where = "/"] = text.split(" ");
  const [group = "", resource = "", subresource = ""] = what.split("/");
  const [namespace = "", name = ""] = where.split("/");
  return { verb, group, resource, subresource, namespace, name };
}

describe("a node", () => {
  test.each([
    ["get /nodes /n1", "allow"],
    ["patch /nodes/status /n1", "allow"],
    ["get /nodes /n2", "deny"],
    ["patch /nodes/status /n2", "deny"],
    ["create /nodes /", "deny"],
    ["delete /nodes /n1", "deny"],
    ["list /nodes /", "deny"],
    ["get /pods ns/p", "ifBound"],
    ["delete /pods ns/p", "ifBound"],
    ["patch /pods/status ns/p", "ifBound"],
    ["patch /pods ns/p", "deny"],
    ["create /pods ns/", "deny"],
    ["create /pods/binding ns/p", "deny"],
    ["get /pods/exec ns/p", "deny"],
    ["get /secrets ns/s", "ifBound"],
    ["list /secrets ns/", "deny"],
    ["watch /secrets ns/s", "deny"],
    ["get /configmaps ns/c", "ifBound"],
    ["update /configmaps ns/c", "deny"],
    ["watch /services /", "allow"],
    ["create /services ns/", "deny"],
    ["list discovery.k8s.io/endpointslices /", "allow"],
    ["create /events ns/", "allow"],
    ["get /events ns/e", "deny"],
    ["update coordination.k8s.io/leases kube-node-lease/n1", "allow"],
    ["update coordination.k8s.io/leases kube-node-lease/n2", "deny"],
    ["update coordination.k8s.io/leases default/n1", "deny"],
    ["list apps/deployments ns/", "deny"],
  ])("%s: %s", (text, decision) => {
    expect(authorize(node, attributes(text))).toBe(decision);
  });

  test.each([
    ["/kedge/v1/nodes/n1/poll", true],
    ["/kedge/v1/nodes/n2/poll", false],
    ["/kedge/v1/sessions/abc", true],
    ["/kedge/v1/jointokens", false],
    ["/metrics", false],
  ])("asks %s: %s", (path, isAllowed) => {
    expect(authorizePath(node, { verb: "post", path })).toBe(isAllowed);
  });
});

test("the admin may everything, nobody else anything", () => {
  expect(authorize(admin, attributes("delete /nodes /n1"))).toBe("allow");
  expect(authorize(anonymous, attributes("get /pods ns/p"))).toBe("deny");
  expect(authorizePath(anonymous, { verb: "get", path: "/readyz/store" })).toBe(true);
  expect(authorizePath(anonymous, { verb: "post", path: "/readyz" })).toBe(false);
  expect(authorizePath(anonymous, { verb: "get", path: "/apis" })).toBe(false);
});
