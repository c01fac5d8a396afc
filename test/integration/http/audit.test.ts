/** The audit log: what a request leaves in the Worker's log, by policy. */
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import worker from "../../../worker/index.ts";
import { adminToken, call, namespace, prepare } from "./api.ts";

const policyOf = (...rules: object[]): string => JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules });

interface Line {
  [field: string]: unknown;
}

let lines: Line[] = [];

beforeAll(async () => {
  await prepare();
  await namespace("audited");
});

beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((text: unknown) => {
    const line = JSON.parse(String(text)) as Line;
    if (line["kind"] === "Event") lines.push(line);
  });
});

interface Asked {
  body?: object;
  headers?: Record<string, string>;
  token?: string;
}

async function ask(policy: string, method: string, path: string, { body, headers = {}, token = adminToken }: Asked = {}): Promise<Response> {
  const context = createExecutionContext();
  const request = new Request(`https://cluster${path}`, {
    method,
    headers: { ...(token === "" ? {} : { authorization: `Bearer ${token}` }), "content-type": "application/json", "user-agent": "test", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await worker.fetch(request as Parameters<typeof worker.fetch>[0], { ...env, AUDIT_POLICY: policy }, context);
  await waitOnExecutionContext(context);
  return response;
}

const everything = policyOf({ level: "RequestResponse" });
const configMaps = "/api/v1/namespaces/audited/configmaps";

test("without a policy there is no line, and each answer has an id all the same", async () => {
  const response = await ask("", "GET", configMaps);
  expect(response.headers.get("audit-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect((await ask("", "GET", configMaps, { headers: { "audit-id": "mine" } })).headers.get("audit-id")).toBe("mine");
  expect((await call("GET", "/nowhere")).headers.get("audit-id")).not.toBeNull();
  expect(lines).toEqual([]);
});

test("a write is a line with what was sent and what was answered", async () => {
  const body = { metadata: { name: "one" }, data: { a: "b" } };
  const response = await ask(everything, "POST", `${configMaps}?fieldManager=x`, { body, headers: { "x-forwarded-for": "10.1.2.3" } });
  expect(response.status).toBe(201);
  expect((await response.json<{ data: object }>()).data).toEqual({ a: "b" });
  expect(lines).toEqual([{
    kind: "Event", apiVersion: "audit.k8s.io/v1", level: "RequestResponse", auditID: response.headers.get("audit-id"), stage: "ResponseComplete",
    requestURI: `${configMaps}?fieldManager=x`, verb: "create", user: { username: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] },
    sourceIPs: ["10.1.2.3"], userAgent: "test",
    objectRef: { resource: "configmaps", namespace: "audited", name: "one", apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: body,
    responseObject: expect.objectContaining({ kind: "ConfigMap", data: { a: "b" } }),
    requestReceivedTimestamp: expect.stringMatching(/\.\d{6}Z$/), stageTimestamp: expect.stringMatching(/\.\d{6}Z$/),
    annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
  }]);
});

describe("who", () => {
  test("is impersonated is beside who asks", async () => {
    await ask(everything, "GET", "/api", { headers: { "impersonate-user": "bob" } });
    expect(lines).toEqual([expect.objectContaining({
      user: expect.objectContaining({ username: "kubernetes-admin" }), impersonatedUser: { username: "bob", groups: ["system:authenticated"] },
      annotations: {
        "authorization.k8s.io/decision": "allow",
        "authorization.k8s.io/reason": 'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
      },
    })]);
  });

  test("is refused is there with the refusal", async () => {
    await ask(everything, "GET", `${configMaps}/one`, { headers: { "impersonate-user": "bob" } });
    expect(lines).toEqual([expect.objectContaining({
      annotations: { "authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": "" },
      responseStatus: expect.objectContaining({ status: "Failure", reason: "Forbidden", code: 403 }),
    })]);
  });

  test("is nobody who is known is there, without the token", async () => {
    await ask(everything, "GET", configMaps, { token: "abc-wrong" });
    expect(lines).toEqual([expect.objectContaining({ user: {}, responseStatus: expect.objectContaining({ code: 401 }) })]);
    expect(JSON.stringify(lines)).not.toContain("abc-wrong");
  });
});

test("validating policies leave their annotations and what they found, denied or not", async () => {
  const group = "/apis/admissionregistration.k8s.io/v1";
  const configMapRule = { apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE"] };
  const spec = {
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    matchConstraints: { resourceRules: [configMapRule] },
    validations: [{ expression: "true" }, { expression: "object.metadata.name != 'bad'", message: "not bad" }],
    auditAnnotations: [
      { key: "seen", valueExpression: "' ' + object.metadata.name + ' with ' + params.metadata.name" },
      { key: "nothing", valueExpression: "object.metadata.name == 'bad' ? dyn(null) : dyn('')" },
    ],
  };
  for (const name of ["one-param", "two-param"]) await call("POST", configMaps, { body: { metadata: { name, labels: { is: "param" } } } });
  await call("POST", `${group}/validatingadmissionpolicies`, { body: { metadata: { name: "noted" }, spec } });
  const binding = (name: string, actions: string[]) => call("POST", `${group}/validatingadmissionpolicybindings`, {
    body: {
      metadata: { name },
      spec: {
        policyName: "noted",
        validationActions: actions,
        paramRef: { selector: { matchLabels: { is: "param" } }, parameterNotFoundAction: "Deny" },
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "audited" } } },
      },
    },
  });
  expect((await binding("noted-only", ["Audit"])).status).toBe(201);
  const asked = async (name: string) => {
    lines = [];
    const response = await ask(everything, "POST", configMaps, { body: { metadata: { name } } });
    const { "authorization.k8s.io/decision": _decision, "authorization.k8s.io/reason": _reason, ...annotations } = (lines[0]?.["annotations"] ?? {}) as Record<string, string>;
    return [response.status, annotations];
  };
  const seen = (name: string) => ({ "noted/seen": `${name} with one-param, ${name} with two-param` });
  expect(await asked("good")).toEqual([201, seen("good")]);
  const failure = (name: string, actions: string[]) => ({ message: "not bad", policy: "noted", binding: name, expressionIndex: 1, validationActions: actions });
  const failures = (...list: object[]) => ({ "validation.policy.admission.k8s.io/validation_failure": JSON.stringify(list) });
  const twice = [failure("noted-only", ["Audit"]), failure("noted-only", ["Audit"])];
  expect(await asked("bad")).toEqual([201, { ...seen("bad"), ...failures(...twice) }]);
  await call("DELETE", `${configMaps}/bad`);
  expect((await binding("refused", ["Deny", "Audit"])).status).toBe(201);
  const more = [failure("refused", ["Deny", "Audit"]), failure("refused", ["Deny", "Audit"])];
  expect(await asked("bad")).toEqual([422, { ...seen("bad"), ...failures(...twice, ...more) }]);
  for (const name of ["bindings/noted-only", "bindings/refused", "ies/noted"]) await call("DELETE", `${group}/validatingadmissionpolic${name.startsWith("ies") ? name : `y${name}`}`);
});

test("PodSecurity says by which policy a pod is measured, and what it would violate", async () => {
  const labels = { "pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/audit": "restricted" };
  await call("POST", "/api/v1/namespaces", { body: { metadata: { name: "secured", labels } } });
  const annotationsOf = async (path: string, body: object) => {
    lines = [];
    const { status } = await ask(everything, "POST", path, { body });
    return [status, Object.fromEntries(Object.entries(lines[0]?.["annotations"] ?? {}).filter(([key]) => key.startsWith("pod-security")))];
  };
  const spec = (more: object) => ({ ...more, containers: [{ name: "c", image: "c:1" }] });
  const violations = { "pod-security.kubernetes.io/audit-violations": expect.stringMatching(/^would violate PodSecurity "restricted:latest": .*runAsNonRoot != true/) };
  const measured = { "pod-security.kubernetes.io/enforce-policy": "baseline:latest" };
  expect(await annotationsOf("/api/v1/namespaces/secured/pods", { metadata: { name: "a" }, spec: spec({}) })).toEqual([201, { ...measured, ...violations }]);
  expect(await annotationsOf("/api/v1/namespaces/secured/pods", { metadata: { name: "b" }, spec: spec({ hostNetwork: true }) })).toEqual([403, { ...measured, ...violations }]);
  const template = { metadata: { labels: { a: "b" } }, spec: spec({}) };
  const replicaSet = { metadata: { name: "a" }, spec: { replicas: 0, selector: { matchLabels: { a: "b" } }, template } };
  expect(await annotationsOf("/apis/apps/v1/namespaces/secured/replicasets", replicaSet)).toEqual([201, violations]);
});

test("tokens are never in it", async () => {
  const created = await ask(everything, "POST", "/api/v1/namespaces/audited/serviceaccounts/default/token", { body: {} });
  const { status } = await created.json<{ status: { token: string } }>();
  await ask(everything, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", { body: { spec: { token: status.token } } });
  await ask(everything, "POST", "/kedge/v1/jointokens", { body: {} });
  expect(lines).toHaveLength(3);
  expect(status.token.length).toBeGreaterThan(100);
  expect(JSON.stringify(lines)).not.toContain(status.token);
  expect(JSON.stringify(lines[2])).not.toContain("responseObject");
});

test("a watch has two lines", async () => {
  const response = await ask(everything, "GET", `${configMaps}?watch=true&timeoutSeconds=1`);
  await response.body?.cancel();
  expect(lines.map(({ stage, verb }) => [stage, verb])).toEqual([["RequestReceived", "watch"], ["ResponseStarted", "watch"]]);
});

test("levels and stages are the policy's", async () => {
  const policy = policyOf({ level: "None", verbs: ["list"] }, { level: "Metadata", resources: [{ group: "", resources: ["secrets"] }] }, { level: "Request" });
  await ask(policy, "GET", configMaps);
  await ask(policy, "POST", "/api/v1/namespaces/audited/secrets", { body: { metadata: { name: "s" }, stringData: { password: "hidden" } } });
  await ask(policy, "PUT", `${configMaps}/one`, { body: { metadata: { name: "one" } } });
  expect(lines.map(({ level, verb }) => [level, verb])).toEqual([["Metadata", "create"], ["Request", "update"]]);
  expect(JSON.stringify(lines)).not.toContain("hidden");
  expect(lines[1]).toMatchObject({ requestObject: { metadata: { name: "one" } } });
  expect(lines[1]).not.toHaveProperty("responseObject");
});

test("a policy that cannot be read audits all of it, at level Metadata, and says so", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await ask("rules: x", "GET", configMaps);
  expect(lines).toEqual([expect.objectContaining({ level: "Metadata", verb: "list" })]);
  expect(errors.mock.calls.join()).toContain("AUDIT_POLICY is no policy");
  errors.mockRestore();
});
