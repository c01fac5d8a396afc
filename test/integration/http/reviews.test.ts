/** Who may do what, asked of the API: the access reviews and the review of oneself. */
import { beforeAll, describe, expect, test } from "vitest";
import { call, namespace, prepare, type Answer } from "./api.ts";

const authorization = "/apis/authorization.k8s.io/v1";
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";

beforeAll(async () => {
  await prepare();
  await namespace("reviewed");
  const binding = {
    metadata: { name: "viewers" }, roleRef: { kind: "ClusterRole", name: "view", apiGroup },
    subjects: [{ kind: "User", name: "vera" }, { kind: "ServiceAccount", name: "robot" }, { kind: "Group", name: "readers" }],
  };
  expect((await call("POST", `${rbac}/namespaces/reviewed/rolebindings`, { body: binding })).status).toBe(201);
  const all = { metadata: { name: "readers" }, roleRef: { kind: "ClusterRole", name: "system:monitoring", apiGroup }, subjects: [{ kind: "Group", name: "readers" }] };
  expect((await call("POST", `${rbac}/clusterrolebindings`, { body: all })).status).toBe(201);
});

const listPods = { verb: "list", resource: "pods", namespace: "reviewed" };
const ask = async (spec: object, rest: object = {}, as: string[] = []): Promise<Answer> =>
  await call("POST", `${authorization}/subjectaccessreviews`, { body: { ...rest, spec }, as });

describe("SubjectAccessReview", () => {
  test.each<[sentence: string, spec: object, status: object]>([
    ["allowed, and by what", { user: "vera", resourceAttributes: listPods }, { allowed: true, reason: 'RBAC: allowed by RoleBinding "viewers/reviewed" of ClusterRole "view" to User "vera"' }],
    ["not allowed", { user: "bob", resourceAttributes: listPods }, { allowed: false }],
    ["not allowed elsewhere", { user: "vera", resourceAttributes: { ...listPods, namespace: "default" } }, { allowed: false }],
    ["a group is enough", { groups: ["readers"], resourceAttributes: listPods }, { allowed: true, reason: 'RBAC: allowed by RoleBinding "viewers/reviewed" of ClusterRole "view" to Group "readers"' }],
    ["a subresource", { user: "vera", resourceAttributes: { ...listPods, verb: "get", subresource: "exec", name: "x" } }, { allowed: false }],
    ["a path", { groups: ["readers"], nonResourceAttributes: { verb: "get", path: "/metrics" } }, { allowed: true, reason: 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "system:monitoring" to Group "readers"' }],
    ["the admin's group", { user: "x", groups: ["system:masters"], resourceAttributes: { verb: "*", group: "*", resource: "*" } }, { allowed: true }],
    ["a node's pods by their node", { user: "system:node:n1", groups: ["system:nodes"], resourceAttributes: { verb: "list", resource: "pods", fieldSelector: { requirements: [{ key: "spec.nodeName", operator: "In", values: ["n1"] }] } } }, { allowed: true }],
    ["another node's", { user: "system:node:n1", groups: ["system:nodes"], resourceAttributes: { verb: "list", resource: "pods", fieldSelector: { rawSelector: "spec.nodeName=n2" } } }, { allowed: false, reason: "can only list/watch pods with spec.nodeName field selector" }],
  ])("%s", async (_, spec, status) => {
    const { status: code, body } = await ask(spec);
    expect([code, body]).toEqual([201, { kind: "SubjectAccessReview", apiVersion: "authorization.k8s.io/v1", metadata: {}, spec, status }]);
  });

  test.each<[sentence: string, spec: object, rest: object, message: string]>([
    ["about nobody", { resourceAttributes: listPods }, {}, 'spec.user: Invalid value: "": at least one of user or group must be specified'],
    ["about nothing", { user: "x" }, {}, "spec.resourceAttributes: Required value: exactly one of nonResourceAttributes or resourceAttributes must be specified"],
    ["about two things", { user: "x", resourceAttributes: listPods, nonResourceAttributes: { path: "/", verb: "get" } }, {}, "spec.nonResourceAttributes: Invalid value: {\"path\":\"/\",\"verb\":\"get\"}: cannot be specified in combination with resourceAttributes"],
    ["with a name", { user: "x", resourceAttributes: listPods }, { metadata: { name: "n" } }, 'metadata: Invalid value: {"name":"n"}: must be empty'],
    ["with half a selector", { user: "x", resourceAttributes: { ...listPods, labelSelector: {} } }, {}, "spec.resourceAttributes.labelSelector.requirements: Required value: when labelSelector is specified, requirements or rawSelector is required"],
    ["with a selector said twice", { user: "x", resourceAttributes: { ...listPods, fieldSelector: { rawSelector: "a=b", requirements: [{ key: "a", operator: "Exists" }] } } }, {}, 'spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements'],
  ])("%s is refused", async (_, spec, rest, message) => {
    const { status, body } = await ask(spec, rest);
    expect([status, body.message]).toEqual([422, `SubjectAccessReview.authorization.k8s.io "" is invalid: ${message}`]);
  });

  test("without a spec is refused, too", async () => {
    const { status, body } = await call("POST", `${authorization}/subjectaccessreviews`, { body: {} });
    expect([status, body.message]).toEqual([422, expect.stringContaining("exactly one of nonResourceAttributes")]);
  });

  test("is for who may ask about others", async () => {
    expect((await ask({ user: "vera", resourceAttributes: listPods }, {}, ["vera"])).status).toBe(403);
    const { body } = await call("POST", `${authorization}/namespaces/reviewed/localsubjectaccessreviews`, {
      body: { metadata: { namespace: "reviewed" }, spec: { user: "vera", resourceAttributes: listPods } }, as: ["vera"],
    });
    expect(body.message).toContain('cannot create resource "localsubjectaccessreviews"');
  });

  test("is only asked", async () => {
    expect((await call("GET", `${authorization}/subjectaccessreviews`)).status).toBe(405);
    expect((await call("POST", `${authorization}/subjectaccessreviews/x`, { body: {} })).status).toBe(405);
  });
});

describe("LocalSubjectAccessReview", () => {
  const path = `${authorization}/namespaces/reviewed/localsubjectaccessreviews`;
  test("asks about its namespace", async () => {
    const { status, body } = await call("POST", path, { body: { metadata: { namespace: "reviewed" }, spec: { user: "vera", resourceAttributes: listPods } } });
    expect([status, body.status]).toEqual([201, expect.objectContaining({ allowed: true })]);
  });

  test("and no other", async () => {
    const body = { metadata: { namespace: "reviewed" }, spec: { user: "vera", resourceAttributes: { ...listPods, namespace: "default" } } };
    expect((await call("POST", path, { body })).body.message).toContain('spec.resourceAttributes.namespace: Invalid value: "default": must match metadata.namespace');
    const paths = { spec: { user: "vera", nonResourceAttributes: { path: "/", verb: "get" } } };
    expect((await call("POST", path, { body: paths })).body.message).toContain("disallowed on this kind of request");
  });
});

describe("about oneself", () => {
  test("what may I", async () => {
    const path = `${authorization}/selfsubjectaccessreviews`;
    const mine = await call("POST", path, { body: { spec: { resourceAttributes: listPods } }, as: ["vera"] });
    expect([mine.status, mine.body.status]).toEqual([201, expect.objectContaining({ allowed: true })]);
    const not = await call("POST", path, { body: { spec: { resourceAttributes: { ...listPods, verb: "delete" } } }, as: ["vera"] });
    expect(not.body.status).toEqual({ allowed: false });
    expect((await call("POST", path, { body: { spec: { resourceAttributes: listPods } } })).body.status).toEqual({ allowed: true });
    expect((await call("POST", path, { body: { spec: { resourceAttributes: listPods } }, token: "" })).status).toBe(403);
  });

  test("what may I here, all of it", async () => {
    const path = `${authorization}/selfsubjectrulesreviews`;
    const { status, body } = await call("POST", path, { body: { spec: { namespace: "reviewed" } }, as: ["vera"] });
    expect([status, body.message, body.status]).toEqual([201, undefined, {
      incomplete: false,
      resourceRules: expect.arrayContaining([
        { verbs: ["create"], apiGroups: ["authorization.k8s.io"], resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"] },
        { verbs: ["get", "list", "watch"], apiGroups: [""], resources: ["namespaces"] },
      ]),
      nonResourceRules: expect.arrayContaining([{ verbs: ["get"], nonResourceURLs: expect.arrayContaining(["/apis", "/version"]) }]),
    }]);
    const admin = await call("POST", path, { body: { spec: { namespace: "default" } } });
    expect(admin.body.status).toMatchObject({ resourceRules: expect.arrayContaining([{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]) });
    const node = await call("POST", path, { body: { spec: { namespace: "default" } }, as: ["system:node:n1", "system:nodes"] });
    expect([node.status, node.body.status]).toEqual([201, expect.objectContaining({ incomplete: true, evaluationError: "node authorizer does not support user rule resolution" })]);
    expect((await call("POST", path, { body: { spec: {} } })).body.message).toBe("no namespace on request");
  });

  test("who am I", async () => {
    const { status, body } = await call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      body: {}, as: ["vera", "readers"], headers: { "impersonate-uid": "7", "impersonate-extra-scopes": "a, b" },
    });
    expect([status, body.kind, body.status]).toEqual([201, "SelfSubjectReview", {
      userInfo: { username: "vera", uid: "7", groups: ["readers", "system:authenticated"], extra: { scopes: ["a", "b"] } },
    }]);
  });
});

test("discovery and OpenAPI know them as questions", async () => {
  const { body } = await call<{ resources: { name: string; verbs: string[]; namespaced: boolean }[] }>("GET", authorization);
  expect(body.resources.map(({ name, verbs, namespaced }) => [name, verbs.join(), namespaced])).toEqual([
    ["localsubjectaccessreviews", "create", true],
    ["selfsubjectaccessreviews", "create", false],
    ["selfsubjectrulesreviews", "create", false],
    ["subjectaccessreviews", "create", false],
  ]);
  const { body: document } = await call<{ paths: Record<string, object> }>("GET", "/openapi/v3/apis/authorization.k8s.io/v1");
  const paths = Object.keys(document.paths).filter((path) => path.includes("reviews"));
  expect(paths.toSorted()).toEqual([
    "/apis/authorization.k8s.io/v1/namespaces/{namespace}/localsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
  ]);
});
