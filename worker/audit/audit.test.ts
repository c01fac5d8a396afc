import { describe, expect, test } from "vitest";
import { onResource, type Attributes } from "../auth/attributes.ts";
import { auditEvent, type Audited, type Outcome } from "./event.ts";
import { auditingOf, parsePolicy, type Auditing } from "./policy.ts";

const policy = parsePolicy(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: ["system:kube-proxy"]
    verbs: [watch]
    resources: [{group: "", resources: [endpoints, services]}]
  - level: None
    userGroups: ["system:nodes"]
    resources: [{group: coordination.k8s.io}]
  - level: None
    nonResourceURLs: ["/healthz*", /version]
  - level: Metadata
    resources: [{group: "", resources: [secrets, configmaps, serviceaccounts/token]}, {group: authentication.k8s.io, resources: [tokenreviews]}]
  - level: Request
    namespaces: [kube-system]
    resources: [{group: "", resources: [pods], resourceNames: [controller]}]
  - level: RequestResponse
    namespaces: [kube-system, ""]
    omitManagedFields: true
    omitStages: [ResponseStarted]
  - level: RequestResponse
    resources: [{group: apps, resources: ["*/scale", "deployments/*"]}]
  - level: Metadata
    verbs: [create, update, patch, delete, deletecollection]
`);

function attributes(text: string): Attributes {
  const [verb = "", what = "", where = "/"] = text.split(" ");
  if (what.startsWith("path:")) return { isResource: false, verb, path: what.slice("path:".length) };
  const [group = "", resource = "", subresource = ""] = what.split("/");
  const [namespace = "", name = ""] = where.split("/");
  return onResource({ verb, group, resource, subresource, namespace, name });
}

describe("the level", () => {
  test.each<[who: string, groups: string[], request: string, level: string]>([
    ["system:kube-proxy", [], "watch /services /", "None"],
    ["somebody", [], "watch /services /", "RequestResponse"],
    ["system:node:n1", ["system:nodes"], "update coordination.k8s.io/leases kube-node-lease/n1", "None"],
    ["somebody", [], "update coordination.k8s.io/leases kube-node-lease/n1", "Metadata"],
    ["somebody", [], "get path:/healthz/ping", "None"],
    ["somebody", [], "get path:/version", "None"],
    ["somebody", [], "get path:/version/", "None"],
    ["somebody", [], "get /secrets ns/s", "Metadata"],
    ["somebody", [], "create /serviceaccounts/token ns/a", "Metadata"],
    ["somebody", [], "create authentication.k8s.io/tokenreviews /", "Metadata"],
    ["somebody", [], "get /pods kube-system/controller", "Request"],
    ["somebody", [], "get /pods kube-system/other", "RequestResponse"],
    ["somebody", [], "list /nodes /", "RequestResponse"],
    ["somebody", [], "get apps/replicasets/scale ns/x", "RequestResponse"],
    ["somebody", [], "get apps/deployments/status ns/x", "RequestResponse"],
    ["somebody", [], "get apps/deployments ns/x", "RequestResponse"],
    ["somebody", [], "get apps/statefulsets ns/x", "None"],
    ["somebody", [], "patch apps/statefulsets ns/x", "Metadata"],
    ["somebody", [], "get path:/apis", "None"],
  ])("of %s %j, %s: %s", (name, groups, request, level) => {
    expect(auditingOf(policy, { name, groups }, attributes(request)).level).toBe(level);
  });

  test("comes with the stages that the policy and the rule leave out", () => {
    expect(auditingOf(policy, undefined, attributes("list /nodes /"))).toEqual({
      level: "RequestResponse", omitStages: ["RequestReceived", "ResponseStarted"], omitManagedFields: true,
    });
  });

  test("of nobody is that of a rule which names nobody", () => {
    expect(auditingOf(policy, undefined, attributes("watch /services ns/")).level).toBe("None");
    expect(auditingOf(policy, undefined, attributes("create /pods ns/")).level).toBe("Metadata");
  });
});

describe("a policy that is none is refused", () => {
  test.each<[text: string, why: string]>([
    ["rules: []", "not a Policy of audit.k8s.io/v1"],
    ["{apiVersion: audit.k8s.io/v1, kind: Policy}", "the policy has no rules"],
    ["{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: All}]}", "rules[0].level: must be one of None, Metadata, Request, RequestResponse"],
    ["{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, users: a}]}", "rules[0].users: must be a list"],
    ["{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, namespaces: [a], nonResourceURLs: [/]}]}", "rules cannot apply to both"],
  ])("%s", (text, why) => {
    expect(() => parsePolicy(text)).toThrow(why);
  });
});

describe("an event", () => {
  const auditing = (level: Auditing["level"], omitManagedFields = false): Auditing => ({ level, omitStages: [], omitManagedFields });
  const audited = (request: string): Audited => ({
    auditId: "id-1", uri: "/x?y=z", attributes: attributes(request), caller: { name: "bob", groups: ["devs"], uid: "7" }, sourceIps: ["10.0.0.1"],
    userAgent: "kubectl", receivedAt: Date.parse("2026-01-01T00:00:00.123Z"),
  });
  const at = Date.parse("2026-01-01T00:00:01Z");
  const pod = { metadata: { name: "p", uid: "u", managedFields: [{}] }, spec: {} };
  const outcome: Outcome = { code: 201, decision: { isAllowed: true, reason: "because" }, requestObject: pod, responseObject: pod };

  test("says who did what, from where, and what came of it", () => {
    expect(auditEvent(auditing("Metadata"), "ResponseComplete", audited("create /pods ns/"), at, outcome)).toEqual({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "Metadata",
      auditID: "id-1",
      stage: "ResponseComplete",
      requestURI: "/x?y=z",
      verb: "create",
      user: { username: "bob", uid: "7", groups: ["devs"] },
      sourceIPs: ["10.0.0.1"],
      userAgent: "kubectl",
      objectRef: { resource: "pods", namespace: "ns", name: "p", uid: "u" },
      responseStatus: { metadata: {}, code: 201 },
      requestReceivedTimestamp: "2026-01-01T00:00:00.123000Z",
      stageTimestamp: "2026-01-01T00:00:01.000000Z",
      annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "because" },
    });
  });

  test("shows objects as far as its level goes", () => {
    const of = (level: Auditing["level"]) => auditEvent(auditing(level, true), "ResponseComplete", audited("create /pods ns/"), at, outcome);
    expect(of("Request")).toMatchObject({ requestObject: { metadata: { name: "p", uid: "u" }, spec: {} } });
    expect(of("Request")).not.toHaveProperty("responseObject");
    expect(of("RequestResponse")).toHaveProperty("responseObject", { metadata: { name: "p", uid: "u" }, spec: {} });
  });

  test("of a refusal has its reason", () => {
    const refused: Outcome = { code: 403, status: { status: "Failure", reason: "Forbidden", message: "no" }, decision: { isAllowed: false, reason: "" } };
    expect(auditEvent(auditing("Metadata"), "ResponseComplete", audited("get /pods ns/p"), at, refused)).toMatchObject({
      responseStatus: { code: 403, status: "Failure", reason: "Forbidden", message: "no" },
      annotations: { "authorization.k8s.io/decision": "forbid" },
    });
  });

  test.each<[request: string, object: object]>([
    ["create authentication.k8s.io/tokenreviews /", { spec: { token: "secret" }, status: {} }],
    ["create /serviceaccounts/token ns/a", { spec: {}, status: { token: "secret" } }],
    ["post path:/kedge/v1/jointokens", { token: "secret" }],
  ])("never shows a token: %s", (request, object) => {
    const event = auditEvent(auditing("RequestResponse"), "ResponseComplete", audited(request), at, { code: 201, requestObject: object, responseObject: object });
    expect(JSON.stringify(event)).not.toContain("secret");
  });
});
