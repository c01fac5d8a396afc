/** What is refused, and in which words: bad input, unknown paths, and those who may not. */
import { beforeAll, describe, expect, test } from "vitest";
import { FakeAgent, type Fetch } from "../fake-agent/fake-agent.ts";
import { SELF } from "cloudflare:test";
import { call, namespace, prepare } from "./api.ts";

let ns: string;
let apps: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("refusals");
  apps = ns.replace("/api/v1", "/apis/apps/v1");
});

const deployment = (spec: object = {}) => ({
  metadata: { name: "d" },
  spec: {
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "example:1" }] } },
    ...spec,
  },
});

describe("bodies", () => {
  test("JSON that does not parse", async () => {
    const { status, body } = await call("POST", `${ns}/configmaps`, { text: "{" });
    expect([status, body.reason]).toEqual([400, "BadRequest"]);
    expect(body.message).toContain("json parse error");
  });

  test("YAML that does not parse", async () => {
    const { status } = await call("POST", `${ns}/configmaps`, { text: "a: [", type: "application/yaml" });
    expect(status).toBe(400);
  });

  test("a media type that is not served", async () => {
    const { status, body } = await call("POST", `${ns}/configmaps`, { text: "x", type: "text/plain" });
    expect([status, body.reason]).toEqual([415, "UnsupportedMediaType"]);
  });

  test("more than three megabytes", async () => {
    const { status, body } = await call("POST", `${ns}/configmaps`, { text: `"${"x".repeat(3 * 1024 * 1024)}"` });
    expect(status).toBe(413);
    expect(body).toMatchObject({ reason: "RequestEntityTooLarge", message: "Request entity too large: limit is 3145728" });
  });

  test("more than the store takes", async () => {
    const { status } = await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "big" }, data: { x: "y".repeat(2_000_000) } } });
    expect([413, 422]).toContain(status);
    expect((await call("GET", `${ns}/configmaps/big`)).status).toBe(404);
  });

  test("another kind than the path's", async () => {
    const { status, body } = await call("POST", `${ns}/configmaps`, { body: { apiVersion: "v1", kind: "Secret", metadata: { name: "x" } } });
    expect(status).toBe(400);
    expect(body.message).toContain("cannot be handled as a ConfigMap");
  });

  test("another version than the path's", async () => {
    const { body } = await call("POST", `${ns}/configmaps`, { body: { apiVersion: "apps/v1", kind: "ConfigMap", metadata: { name: "x" } } });
    expect(body.message).toBe("the API version in the data (apps/v1) does not match the expected API version (v1)");
  });

  test("another namespace than the path's", async () => {
    const { status, body } = await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "x", namespace: "default" } } });
    expect(status).toBe(400);
    expect(body.message).toBe("the namespace of the provided object does not match the namespace sent on the request");
  });

  test("no name", async () => {
    const { status, body } = await call("POST", `${ns}/configmaps`, { body: { metadata: {} } });
    expect(status).toBe(422);
    expect(body.message).toBe('ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required');
  });

  test("a type that is wrong names the field", async () => {
    const { status, body } = await call("POST", `${apps}/deployments`, { body: deployment({ replicas: "three" }) });
    expect(status).toBe(400);
    expect(body.message).toBe(
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    );
  });

  test("a type that is wrong in a strategic merge names the patch", async () => {
    await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "patched" } } });
    const { status, body } = await call("PATCH", `${ns}/configmaps/patched`, { type: "application/strategic-merge-patch+json", body: { metadata: { labels: { a: 1 } } } });
    expect(status).toBe(422);
    expect(body.message).toBe(' "" is invalid: patch: Invalid value: "map[metadata:map[labels:map[a:1]]]": cannot convert int64 to string');
    expect(body.details).toEqual({ causes: [{ reason: "FieldValueInvalid", field: "patch", message: 'Invalid value: "map[metadata:map[labels:map[a:1]]]": cannot convert int64 to string' }] });
  });

  test("a selector that does not match the template", async () => {
    const { status, body } = await call("POST", `${apps}/deployments`, { body: deployment({ selector: { matchLabels: { a: "c" } } }) });
    expect(status).toBe(422);
    expect(body.message).toContain("`selector` does not match template `labels`");
    expect(body.details).toMatchObject({ group: "apps", kind: "Deployment", causes: [{ field: "spec.template.metadata.labels" }] });
  });

  test("a selector that changes", async () => {
    const { body } = await call("POST", `${apps}/deployments`, { body: deployment() });
    const spec = { ...body.spec, selector: { matchLabels: { a: "b", c: "d" } } };
    const changed = await call("PUT", `${apps}/deployments/d`, { body: { ...body, spec } });
    expect(changed.status).toBe(422);
    expect(changed.body.message).toContain("field is immutable");
  });

  test("labels that are none", async () => {
    const { status, body } = await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "x", labels: { "a b": "c" } } } });
    expect(status).toBe(422);
    expect(body.message).toContain('metadata.labels: Invalid value: "a b": name part must consist of alphanumeric characters');
  });
});

describe("unknown fields", () => {
  const body = { metadata: { name: "unknown" }, dataa: { x: "y" } };

  test("Strict: refused by path", async () => {
    const answer = await call("POST", `${ns}/configmaps?fieldValidation=Strict`, { body });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('strict decoding error: unknown field "dataa"');
  });

  test("Warn: stored without them, and said so", async () => {
    const answer = await call("POST", `${ns}/configmaps?dryRun=All`, { body });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("warning")).toBe('299 - "unknown field \\"dataa\\""');
    expect(answer.body["dataa"]).toBeUndefined();
  });

  test("Ignore: stored without them", async () => {
    const answer = await call("POST", `${ns}/configmaps?dryRun=All&fieldValidation=Ignore`, { body });
    expect([answer.status, answer.headers.get("warning")]).toEqual([201, null]);
  });

  test("a field that is said twice", async () => {
    const text = '{"metadata":{"name":"x"},"data":{"a":"1","a":"2"}}';
    const answer = await call("POST", `${ns}/configmaps?fieldValidation=Strict`, { text });
    expect(answer.body.message).toContain('strict decoding error: duplicate field "data.a"');
  });

  test("a validation that is none", async () => {
    const answer = await call("POST", `${ns}/configmaps?fieldValidation=Maybe`, { body });
    expect(answer.status).toBe(422);
  });
});

describe("paths", () => {
  test.each([
    ["GET", "/apis/apps/v1/nope", 404],
    ["GET", "/apis/nope/v1", 404],
    ["GET", "/nope", 404],
    ["GET", "/api/v1/namespaces/refusals/nodes", 404],
    ["GET", "/api/v1/pods/x", 404],
    ["PATCH", "/api/v1/namespaces/refusals/pods/x/containers", 404],
    ["GET", "/api/v1/namespaces/refusals/_agents", 404],
    ["POST", "/api/v1/configmaps", 405],
    ["DELETE", "/api/v1/namespaces", 405],
    ["PUT", "/api/v1/namespaces/refusals/configmaps", 405],
    ["PATCH", "/api/v1/namespaces/refusals/configmaps", 405],
    ["GET", "/api/v1/namespaces/refusals/pods/x/binding", 405],
  ])("%s %s is %i", async (method, path, code) => {
    const answer = await call(method, path, method === "POST" ? { body: {} } : {});
    expect(answer.status).toBe(code);
  });

  test("an upgrade to SPDY is refused and not answered with 200", async () => {
    const response = await SELF.fetch(`https://cluster${ns}/pods/x`, {
      headers: { authorization: "Bearer test-admin-token", connection: "Upgrade", upgrade: "SPDY/3.1" },
    });
    expect(response.status).toBe(400);
  });
});

describe("who may", () => {
  test.each([
    ["/livez", 200],
    ["/readyz", 200],
    ["/healthz", 200],
    ["/version", 200],
    ["/api", 403],
    ["/metrics", 403],
    ["/api/v1/namespaces", 403],
  ])("nobody in particular: GET %s is %i", async (path, code) => {
    expect((await call("GET", path, { token: "" })).status).toBe(code);
  });

  test("a wrong token is nobody's", async () => {
    const { status, body } = await call("GET", "/api/v1/namespaces", { token: "wrong" });
    expect([status, body.reason, body.message]).toEqual([401, "Unauthorized", "Unauthorized"]);
    expect((await call("GET", "/api/v1/namespaces", { token: "a.b.c" })).status).toBe(401);
  });

  test("nobody is told in upstream's words what may not be done", async () => {
    const { body } = await call("GET", "/apis/apps/v1/namespaces/default/deployments", { token: "" });
    expect(body.message).toBe(
      'deployments.apps is forbidden: User "system:anonymous" cannot list resource "deployments" in API group "apps" in the namespace "default"',
    );
  });
});

describe("what a node may", () => {
  const fetch: Fetch = (url, init) => SELF.fetch(url, init);
  let agent: FakeAgent;
  let token: string;

  beforeAll(async () => {
    agent = await FakeAgent.join(fetch, "node-1");
    token = await agent.token();
    const pod = (name: string, nodeName: string, secret: string) => ({
      metadata: { name },
      spec: { nodeName, containers: [{ name: "c", image: "example:1", envFrom: [{ secretRef: { name: secret } }] }] },
    });
    await call("POST", `${ns}/secrets`, { body: { metadata: { name: "mine" } } });
    await call("POST", `${ns}/secrets`, { body: { metadata: { name: "others" } } });
    await call("POST", `${ns}/pods`, { body: pod("mine", "node-1", "mine") });
    await call("POST", `${ns}/pods`, { body: pod("others", "node-2", "others") });
  });

  test.each([
    ["read a Secret that a pod of its own names", "GET", "secrets/mine", 200],
    ["read a Secret that only another's pod names", "GET", "secrets/others", 403],
    ["list Secrets", "GET", "secrets", 403],
    ["read its own pod", "GET", "pods/mine", 200],
    ["read another's pod", "GET", "pods/others", 403],
    ["delete another's pod", "DELETE", "pods/others", 403],
    ["create pods", "POST", "pods", 403],
    ["list Services", "GET", "services", 200],
  ])("%s", async (_what, method, path, code) => {
    const { status } = await call(method, `${ns}/${path}`, { token, ...(method === "POST" ? { body: {} } : {}) });
    expect(status).toBe(code);
  });

  test("list its own node's pods, and no others", async () => {
    const listed = (selector: string) => call("GET", `${ns}/pods?fieldSelector=spec.nodeName%3D${selector}`, { token });
    expect((await listed("node-1")).body.items.map(({ metadata }) => metadata.name)).toContain("mine");
    const { body } = await listed("node-2");
    expect(body.message).toContain("can only list/watch pods with spec.nodeName field selector");
  });

  test("get tokens of its own pods' accounts, bound to these pods", async () => {
    const asked = async (name: string, bound: object | undefined) =>
      await call("POST", `${ns}/serviceaccounts/default/token`, { token, body: { spec: { audiences: [], ...(bound === undefined ? {} : { boundObjectRef: { apiVersion: "v1", kind: "Pod", name, ...bound } }) } } });
    const uidOf = async (name: string) => (await call("GET", `${ns}/pods/${name}`)).body.metadata.uid;
    expect((await asked("mine", { uid: await uidOf("mine") })).status).toBe(201);
    expect((await asked("others", { uid: await uidOf("others") })).body.message).toBe('serviceaccounts "default" is forbidden: node requested token bound to a pod scheduled on a different node');
    expect((await asked("mine", undefined)).body.message).toContain("node requested token not bound to a pod");
    expect((await call("POST", `${ns}/serviceaccounts/stranger/token`, { token, body: {} })).body.message).toContain("no relationship found between node 'node-1' and this object");
  });

  test("change its own pod's status, but not its spec or another's", async () => {
    const patch = { token, type: "application/merge-patch+json", body: { status: { phase: "Running" } } };
    expect((await call("PATCH", `${ns}/pods/mine/status`, patch)).status).toBe(200);
    expect((await call("PATCH", `${ns}/pods/others/status`, patch)).status).toBe(403);
    expect((await call("PATCH", `${ns}/pods/mine`, patch)).status).toBe(403);
  });

  test("label its own Node, but not with labels that restrict nodes", async () => {
    const label = (key: string) => ({ token, type: "application/merge-patch+json", body: { metadata: { labels: { [key]: "x" } } } });
    expect((await call("PATCH", "/api/v1/nodes/node-1", label("example.com/zone"))).status).toBe(200);
    const refused = await call("PATCH", "/api/v1/nodes/node-1", label("node-restriction.kubernetes.io/team"));
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain("is not allowed to modify labels: node-restriction.kubernetes.io/team");
    expect((await call("PATCH", "/api/v1/nodes/node-2", label("a"))).status).toBe(403);
  });

  test("not taint or untaint itself", async () => {
    const body = { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } };
    expect((await call("PATCH", "/api/v1/nodes/node-1", { token, type: "application/merge-patch+json", body })).status).toBe(403);
  });
});
