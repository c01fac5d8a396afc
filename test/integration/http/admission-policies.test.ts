/** ValidatingAdmissionPolicies, as a client meets them. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { call, namespace, prepare, type Json } from "./api.ts";

beforeAll(prepare);

const group = "/apis/admissionregistration.k8s.io/v1";
const made: string[] = [];
let serial = 0;

const configMaps = { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE", "UPDATE", "DELETE"] }] };

/** A policy on ConfigMaps, bound in the test's own namespace alone. */
async function enforce(space: string, spec: object, binding: object = {}): Promise<string> {
  const name = `policy-${(serial += 1)}`;
  const policies = `${group}/validatingadmissionpolicies`;
  const bindings = `${group}/validatingadmissionpolicybindings`;
  const policy = await call("POST", policies, { body: { metadata: { name }, spec: { matchConstraints: configMaps, ...spec } } });
  expect(policy.status, policy.text).toBe(201);
  const matchResources = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": space } } };
  const bound = await call("POST", bindings, { body: { metadata: { name: `${name}-b` }, spec: { policyName: name, validationActions: ["Deny"], matchResources, ...binding } } });
  expect(bound.status, bound.text).toBe(201);
  made.push(`${bindings}/${name}-b`, `${policies}/${name}`);
  return name;
}

afterEach(async () => {
  for (const path of made.splice(0)) await call("DELETE", path);
});

const create = (path: string, name: string, data: object = {}) => call("POST", `${path}/configmaps`, { body: { metadata: { name }, data } });
const said = ({ status, body }: { status: number; body: Json }) => `${status} ${body.reason ?? ""} ${body.message ?? ""}`;

describe("a ValidatingAdmissionPolicy", () => {
  it("denies what its expressions do not allow, in upstream's words", async () => {
    const path = await namespace("vap-deny");
    const name = await enforce("vap-deny", { validations: [{ expression: "size(object.data) <= 1" }] });
    expect((await create(path, "a", { one: "1" })).status).toBe(201);
    expect(said(await create(path, "b", { one: "1", two: "2" }))).toBe(
      `422 Invalid configmaps "b" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}-b' denied request: failed expression: size(object.data) <= 1`,
    );
    expect((await call("GET", `${path}/configmaps/b`)).status).toBe(404);
  });

  it("sees who asks for a service account's token, and may refuse it", async () => {
    const path = await namespace("vap-tokens");
    const tokens = { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["serviceaccounts/token"], operations: ["CREATE"] }] };
    await enforce("vap-tokens", { matchConstraints: tokens, validations: [{ expression: "object.spec.expirationSeconds <= 600", message: "too long" }] });
    const ask = (expirationSeconds: number) => call("POST", `${path}/serviceaccounts/robot/token`, { body: { spec: { expirationSeconds } } });
    await call("POST", `${path}/serviceaccounts`, { body: { metadata: { name: "robot" } } });
    expect((await ask(600)).status).toBe(201);
    const refused = await ask(3600);
    expect([refused.status, refused.body.message]).toEqual([422, expect.stringContaining("denied request: too long")]);
  });

  it("says its own message and reason, or computes the message", async () => {
    const path = await namespace("vap-words");
    const name = await enforce("vap-words", {
      validations: [
        { expression: "object.metadata.name != 'a'", message: "not a", reason: "Forbidden" },
        { expression: "object.metadata.name != 'b'", messageExpression: "'not ' + object.metadata.name + ' in ' + object.metadata.namespace" },
      ],
    });
    const denied = `is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}-b' denied request:`;
    expect(said(await create(path, "a"))).toBe(`403 Forbidden configmaps "a" ${denied} not a`);
    expect(said(await create(path, "b"))).toBe(`422 Invalid configmaps "b" ${denied} not b in vap-words`);
  });

  it("has variables, and sees the old object, the request and the namespace", async () => {
    const path = await namespace("vap-variables");
    await enforce("vap-variables", {
      variables: [
        { name: "before", expression: "oldObject == null ? 0 : size(oldObject.data)" },
        { name: "grown", expression: "(object == null ? 0 : size(object.data)) - variables.before" },
      ],
      validations: [
        { expression: "request.operation != 'UPDATE' || variables.grown < 2", message: "grows too fast" },
        { expression: "namespaceObject.metadata.name == 'vap-variables' && request.userInfo.username != 'mallory'", message: "elsewhere" },
        { expression: "request.operation != 'DELETE' || oldObject.metadata.name != 'a'", message: "stays" },
      ],
    });
    expect((await create(path, "a", { one: "1" })).status).toBe(201);
    const put = (data: object) => call("PUT", `${path}/configmaps/a`, { body: { metadata: { name: "a" }, data } });
    expect(said(await put({ one: "1", two: "2", three: "3" }))).toMatch(/grows too fast$/);
    expect((await put({ one: "1", two: "2" })).status).toBe(200);
    expect(said(await call("DELETE", `${path}/configmaps/a`))).toMatch(/stays$/);
  });

  it("is asked only where its conditions hold", async () => {
    const path = await namespace("vap-conditions");
    await enforce("vap-conditions", {
      matchConditions: [{ name: "strict", expression: "has(object.metadata.labels) && object.metadata.labels.strict == 'yes'" }],
      validations: [{ expression: "false" }],
    });
    expect((await create(path, "a")).status).toBe(201);
    const strict = await call("POST", `${path}/configmaps`, { body: { metadata: { name: "b", labels: { strict: "yes" } } } });
    expect(strict.status).toBe(422);
  });

  it("only warns where its binding says so", async () => {
    const path = await namespace("vap-warn");
    const name = await enforce("vap-warn", { validations: [{ expression: "false", message: "no" }] }, { validationActions: ["Warn", "Audit"] });
    const { status, headers } = await create(path, "a");
    expect([status, headers.get("warning")]).toEqual([201, `299 - "Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${name}-b': no"`]);
  });

  it("takes parameters from another object", async () => {
    const path = await namespace("vap-params");
    const paramRef = { name: "limits", parameterNotFoundAction: "Deny" };
    await enforce("vap-params", {
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      matchConditions: [{ name: "not-itself", expression: "request.name != 'limits'" }],
      validations: [{ expression: "size(object.data) <= int(params.data.most)", messageExpression: "'at most ' + params.data.most" }],
    }, { paramRef });
    expect(said(await create(path, "a"))).toMatch(/failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/);
    await call("DELETE", made[0] ?? "");
    expect((await create(path, "limits", { most: "1" })).status).toBe(201);
    const [, policy = ""] = made;
    const body = { metadata: { name: "again" }, spec: { policyName: policy.split("/").at(-1), validationActions: ["Deny"], paramRef, matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "vap-params" } } } } };
    expect((await call("POST", `${group}/validatingadmissionpolicybindings`, { body })).status).toBe(201);
    made.push(`${group}/validatingadmissionpolicybindings/again`);
    expect((await create(path, "b", { one: "1" })).status).toBe(201);
    expect(said(await create(path, "c", { one: "1", two: "2" }))).toMatch(/at most 1$/);
  });

  it("that is misconfigured denies, even where its binding only warns", async () => {
    const path = await namespace("vap-misconfigured");
    const paramRef = { name: "x", parameterNotFoundAction: "Deny" };
    const name = await enforce("vap-misconfigured", { paramKind: { apiVersion: "nowhere/v1", kind: "Nothing" }, validations: [{ expression: "true" }] }, { paramRef, validationActions: ["Warn"] });
    expect(said(await create(path, "a"))).toBe(
      `422 Invalid configmaps "a" is forbidden: ValidatingAdmissionPolicy '${name}' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'nowhere/v1, Kind=Nothing'`,
    );
  });

  it("that cannot be evaluated denies, unless its failure policy says otherwise", async () => {
    const path = await namespace("vap-errors");
    await enforce("vap-errors", { validations: [{ expression: "object.data.missing == 'x'" }] });
    expect(said(await create(path, "a"))).toMatch(/denied request: expression 'object.data.missing == 'x'' resulted in error: no such key: data$/);
    for (const one of made.splice(0)) await call("DELETE", one);
    await enforce("vap-errors", { failurePolicy: "Ignore", validations: [{ expression: "object.data.missing == 'x'" }] });
    expect((await create(path, "a")).status).toBe(201);
  });

  it("must be made of expressions that compile", async () => {
    const spec = { matchConstraints: configMaps, validations: [{ expression: "object.metadata.name ==" }], variables: [{ name: "v", expression: "nobody" }] };
    const { status, body } = await call("POST", `${group}/validatingadmissionpolicies`, { body: { metadata: { name: "broken" }, spec } });
    expect(status).toBe(422);
    expect(((body.details?.["causes"] ?? []) as Json[]).map(({ field }) => field)).toEqual(["spec.variables[0].expression", "spec.validations[0].expression"]);
    expect(body.message).toMatch(/compilation failed: ERROR/);
  });

  it("bounds what controllers create", async () => {
    const path = await namespace("vap-pods");
    const pods = { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }] };
    const name = await enforce("vap-pods", { matchConstraints: pods, validations: [{ expression: "object.spec.containers.all(c, !c.image.startsWith('bad'))", message: "a bad image" }] });
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "bad:1" }] } };
    const body = { metadata: { name: "web" }, spec: { replicas: 1, selector: { matchLabels: { a: "b" } }, template } };
    expect((await call("POST", "/apis/apps/v1/namespaces/vap-pods/replicasets", { body })).status).toBe(201);
    await vi.waitFor(async () => {
      const { items } = (await call("GET", `${path}/events?fieldSelector=reason=FailedCreate`)).body;
      expect(items[0]?.message).toMatch(new RegExp(`^Error creating: pods "web-\\w+" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}-b' denied request: a bad image$`));
    }, { timeout: 10_000, interval: 100 });
  });
});
