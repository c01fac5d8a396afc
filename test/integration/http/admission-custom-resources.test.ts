/** Admission of custom resources: webhooks, policies with custom parameters, quotas. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { call, namespace, prepare } from "./api.ts";

const group = "/apis/admissionregistration.k8s.io/v1";
const made: string[] = [];

beforeAll(async () => {
  await prepare();
  const data = { type: "object", properties: { first: { type: "string" }, kept: { type: "string" } } };
  const schema = { openAPIV3Schema: { type: "object", properties: { data, most: { type: "integer" } } } };
  const spec = { group: "admitted.example.com", scope: "Namespaced", names: { plural: "widgets", kind: "Widget" }, versions: [{ name: "v1", served: true, storage: true, schema }] };
  const { status, text } = await call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: { metadata: { name: "widgets.admitted.example.com" }, spec } });
  expect(status, text).toBe(201);
});

afterEach(async () => {
  for (const path of made.splice(0)) await call("DELETE", path);
});

async function create(path: string, body: { metadata: { name: string }; [field: string]: unknown }): Promise<void> {
  const { status, text } = await call("POST", path, { body });
  expect(status, text).toBe(201);
  made.push(`${path}/${body.metadata.name}`);
}

const widgets = { apiGroups: ["admitted.example.com"], apiVersions: ["v1"], resources: ["widgets"] };
const inSpace = (space: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": space } } });
const hook = (space: string, path: string, operations: string[]) => ({
  name: "widgets.example.com", clientConfig: { url: `https://hooks.example.com${path}` }, rules: [{ ...widgets, operations }], ...inSpace(space), sideEffects: "None", admissionReviewVersions: ["v1"],
});
const pathIn = (space: string) => `/apis/admitted.example.com/v1/namespaces/${space}/widgets`;
const widget = (name: string, rest: object = {}) => ({ apiVersion: "admitted.example.com/v1", kind: "Widget", metadata: { name }, ...rest });

describe("custom resources", () => {
  it("are changed by webhooks, and what their schema does not know is dropped", async () => {
    await namespace("cr-mutated");
    const webhooks = ["/first", "/second"].map((path) => ({ ...hook("cr-mutated", path, ["CREATE"]), name: `widgets${path.slice(1)}.example.com` }));
    await create(`${group}/mutatingwebhookconfigurations`, { metadata: { name: "cr-mutated" }, webhooks });
    const { status, body } = await call("POST", pathIn("cr-mutated"), { body: widget("a", { data: { kept: "yes" } }) });
    expect([status, body.data]).toEqual([201, { kept: "yes", first: "1" }]);
  });

  it("are denied by webhooks: creates, updates and deletes", async () => {
    await namespace("cr-denied");
    expect((await call("POST", pathIn("cr-denied"), { body: widget("a") })).status).toBe(201);
    await create(`${group}/validatingwebhookconfigurations`, { metadata: { name: "cr-denied" }, webhooks: [hook("cr-denied", "/deny", ["CREATE", "UPDATE", "DELETE"])] });
    const one = `${pathIn("cr-denied")}/a`;
    const answers = [
      await call("POST", pathIn("cr-denied"), { body: widget("b") }),
      await call("PATCH", one, { body: { data: { kept: "no" } }, type: "application/merge-patch+json" }),
      await call("DELETE", one),
    ];
    expect(answers.map(({ body }) => body.message)).toEqual(answers.map(() => 'admission webhook "widgets.example.com" denied the request: this is not wanted'));
  });

  it("are parameters of policies", async () => {
    const path = await namespace("cr-params");
    await create(pathIn("cr-params"), widget("limits", { most: 1 }));
    const matchConstraints = { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE"] }] };
    const paramKind = { apiVersion: "admitted.example.com/v1", kind: "Widget" };
    await create(`${group}/validatingadmissionpolicies`, { metadata: { name: "cr-params" }, spec: { matchConstraints, paramKind, validations: [{ expression: "size(object.data) <= params.most" }] } });
    const paramRef = { name: "limits", parameterNotFoundAction: "Deny" };
    await create(`${group}/validatingadmissionpolicybindings`, { metadata: { name: "cr-params" }, spec: { policyName: "cr-params", validationActions: ["Deny"], paramRef, matchResources: inSpace("cr-params") } });
    const configMap = (name: string, data: object) => call("POST", `${path}/configmaps`, { body: { metadata: { name }, data } });
    expect((await configMap("few", { a: "1" })).status).toBe(201);
    expect((await configMap("many", { a: "1", b: "2" })).status).toBe(422);
  });

  it("are counted by quotas", async () => {
    const path = await namespace("cr-counted");
    expect((await call("POST", `${path}/resourcequotas`, { body: { metadata: { name: "q" }, spec: { hard: { "count/widgets.admitted.example.com": "1" } } } })).status).toBe(201);
    expect((await call("POST", pathIn("cr-counted"), { body: widget("a") })).status).toBe(201);
    const { status, body } = await call("POST", pathIn("cr-counted"), { body: widget("b") });
    expect([status, body.message]).toEqual([403, 'widgets.admitted.example.com "b" is forbidden: exceeded quota: q, requested: count/widgets.admitted.example.com=1, used: count/widgets.admitted.example.com=1, limited: count/widgets.admitted.example.com=1']);
  });
});
