import { describe, expect, it } from "vitest";
import type { AccessCheck } from "../cel/cel.ts";
import { admin, nodeUser } from "../auth/user.ts";
import { settingsOf } from "../registry/admission/testing.ts";
import { asksAuthorizer, authorizerFor } from "./authorizer.ts";

const named = (name: string) => ({ metadata: { name, uid: name, resourceVersion: "1" } });
const settings = settingsOf({
  "clusterroles.rbac.authorization.k8s.io": [{ ...named("reader"), rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }, { nonResourceURLs: ["/metrics"], verbs: ["get"] }] }],
  "clusterrolebindings.rbac.authorization.k8s.io": [{
    ...named("readers"),
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reader" },
    subjects: [{ kind: "User", name: "rita" }, { kind: "ServiceAccount", name: "robot", namespace: "n" }],
  }],
});

const pods = (verb: string, more: object = {}): AccessCheck => ({ verb, group: "", resource: "pods", subresource: "", namespace: "n", name: "", ...more });
const rita = { name: "rita", groups: ["system:authenticated"] };

describe("the authorizer", () => {
  it.each<[string, { name: string; groups: string[] }, AccessCheck, boolean]>([
    ["goes by the rules", rita, pods("get"), true],
    ["refuses what no rule grants", rita, pods("create"), false],
    ["knows paths", rita, { verb: "get", path: "/metrics" }, true],
    ["lets everybody probe", { name: "nobody", groups: [] }, { verb: "get", path: "/healthz" }, true],
    ["lets masters do all", admin, pods("delete"), true],
    ["knows what a node may without a look at its pods", nodeUser("n1", 1), pods("list", { fieldSelector: "spec.nodeName=n1" }), true],
    ["says no where that depends on its pods", nodeUser("n1", 1), pods("get", { name: "p" }), false],
  ])("%s", (_, user, asked, isAllowed) => {
    expect(authorizerFor(user, settings).check(asked).isAllowed).toBe(isAllowed);
  });

  it("speaks for service accounts, too, and says why", () => {
    const authorizer = authorizerFor({ name: "nobody", groups: [] }, settings);
    expect(authorizer.check(pods("get")).isAllowed).toBe(false);
    expect(authorizer.ofServiceAccount("n", "robot").check(pods("get"))).toEqual({
      isAllowed: true, reason: 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to ServiceAccount "robot/n"',
    });
  });

  it("is asked by whoever names it in an expression", () => {
    expect([{ expression: "authorizer.path('/')" }, { expression: "object.authorizers" }, { expression: "true" }].map(asksAuthorizer)).toEqual([true, false, false]);
  });
});
