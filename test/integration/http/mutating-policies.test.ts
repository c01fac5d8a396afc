/** MutatingAdmissionPolicies, as a client meets them. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { call, namespace, prepare, type Json } from "./api.ts";

beforeAll(prepare);

const group = "/apis/admissionregistration.k8s.io/v1beta1";
const stable = "/apis/admissionregistration.k8s.io/v1";
const made: string[] = [];
let serial = 0;

const rule = (resources: string[], apiGroups = [""], operations = ["CREATE", "UPDATE"]) => ({ apiGroups, apiVersions: ["v1"], resources, operations });
const inSpace = (space: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": space } } });
const apply = (expression: string) => ({ patchType: "ApplyConfiguration", applyConfiguration: { expression } });
const patch = (expression: string) => ({ patchType: "JSONPatch", jsonPatch: { expression } });
const label = (name: string, value: string) => apply(`Object{metadata: Object.metadata{labels: {'${name}': ${value}}}}`);

async function created(path: string, body: object): Promise<Json> {
  const answer = await call("POST", path, { body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}

/** A policy on ConfigMaps, bound in the test's own namespace alone. */
async function mutateBy(space: string, spec: object, binding: object = {}): Promise<string> {
  const name = `mutation-${(serial += 1)}`;
  const [policies, bindings] = [`${group}/mutatingadmissionpolicies`, `${group}/mutatingadmissionpolicybindings`];
  await created(policies, { metadata: { name }, spec: { matchConstraints: { resourceRules: [rule(["configmaps"])] }, reinvocationPolicy: "Never", ...spec } });
  await created(bindings, { metadata: { name: `${name}-b` }, spec: { policyName: name, matchResources: inSpace(space), ...binding } });
  made.push(`${bindings}/${name}-b`, `${policies}/${name}`);
  return name;
}

afterEach(async () => {
  for (const path of made.splice(0)) await call("DELETE", path);
});

const create = (path: string, name: string, more: object = {}) => call("POST", `${path}/configmaps`, { body: { metadata: { name }, ...more } });
const labelsOf = async (answer: ReturnType<typeof create>) => (await answer).body.metadata.labels;
const said = ({ status, body }: { status: number; body: Json }) => `${status} ${body.reason ?? ""} ${body.message ?? ""}`;

describe("a MutatingAdmissionPolicy", () => {
  it("applies a configuration to what is created and updated, and is not part of what a client manages", async () => {
    const path = await namespace("map-apply");
    await mutateBy("map-apply", { variables: [{ name: "who", expression: "request.userInfo.username" }], mutations: [label("by", "variables.who"), label("op", "request.operation")] });
    expect(await labelsOf(create(path, "a"))).toEqual({ by: "kubernetes-admin", op: "CREATE" });
    const { body } = await call("PUT", `${path}/configmaps/a`, { body: { metadata: { name: "a", labels: { own: "yes" } } } });
    expect(body.metadata.labels).toEqual({ own: "yes", by: "kubernetes-admin", op: "UPDATE" });
    expect((await call("GET", `${path}/configmaps/a`)).body.metadata.labels).toEqual(body.metadata.labels);
    const dry = await call("POST", `${path}/configmaps?dryRun=All`, { body: { metadata: { name: "dry" } } });
    expect(dry.body.metadata.labels).toEqual({ by: "kubernetes-admin", op: "CREATE" });
  });

  it("patches, and its result gets defaults, limits and a token like anything else", async () => {
    const path = await namespace("map-sidecar");
    await created(`${path}/limitranges`, { metadata: { name: "limits" }, spec: { limits: [{ type: "Container", default: { memory: "64Mi" } }] } });
    const at = "Object.spec.initContainers";
    const sidecar = `${at}{name: 'added', image: 'mesh:1', restartPolicy: 'Always', ports: [${at}.ports{containerPort: 80}]}`;
    await mutateBy("map-sidecar", {
      matchConstraints: { resourceRules: [rule(["pods"], [""], ["CREATE"])] },
      mutations: [patch(`[JSONPatch{op: 'add', path: '/spec/initContainers', value: [${sidecar}]}]`)],
    });
    const pod = await created(`${path}/pods`, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "c:1" }] } });
    expect((pod.spec["initContainers"] as Json[])[0]).toMatchObject({
      name: "added",
      imagePullPolicy: "IfNotPresent",
      terminationMessagePolicy: "File",
      ports: [{ containerPort: 80, protocol: "TCP" }],
      resources: { limits: { memory: "64Mi" } },
      volumeMounts: [{ mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }],
    });
  });

  it("comes before webhooks and validating policies, in the order of names, and again if it wants", async () => {
    const path = await namespace("map-order");
    const append = (letter: string) => label("trace", `object.?metadata.?labels.?trace.orValue('') + '${letter}'`);
    await mutateBy("map-order", { mutations: [append("a")], reinvocationPolicy: "IfNeeded" });
    await mutateBy("map-order", { mutations: [append("b")] });
    const validation = `${stable}/validatingadmissionpolicies`;
    await created(validation, { metadata: { name: "traced" }, spec: { matchConstraints: { resourceRules: [rule(["configmaps"])] }, validations: [{ expression: "object.metadata.labels.trace == 'aba'", messageExpression: "object.metadata.labels.trace" }] } });
    await created(`${validation.replace("policies", "policybindings")}`, { metadata: { name: "traced" }, spec: { policyName: "traced", validationActions: ["Deny"], matchResources: inSpace("map-order") } });
    made.push(`${validation.replace("policies", "policybindings")}/traced`, `${validation}/traced`);
    expect(said(await create(path, "x"))).toMatch(/^201/);
    expect(said(await create(path, "y", { metadata: { name: "y", labels: { trace: "z" } } }))).toMatch(/denied request: zaba$/);
  });

  it("is asked only where rules, selectors and conditions say so", async () => {
    const path = await namespace("map-conditions");
    await mutateBy("map-conditions", {
      matchConstraints: { resourceRules: [rule(["configmaps"])], objectSelector: { matchLabels: { mutate: "yes" } } },
      matchConditions: [{ name: "named", expression: "object.metadata.name.startsWith('a')" }],
      mutations: [label("mutated", "'yes'")],
    });
    const named = (name: string, mutate = "yes") => create(path, name, { metadata: { name, labels: { mutate } } });
    expect(await labelsOf(named("a"))).toEqual({ mutate: "yes", mutated: "yes" });
    expect(await labelsOf(named("b"))).toEqual({ mutate: "yes" });
    expect(await labelsOf(named("a2", "no"))).toEqual({ mutate: "no" });
    expect((await call("DELETE", `${path}/configmaps/a`)).status).toBe(200);
  });

  it("takes parameters from other objects, each of which mutates", async () => {
    const path = await namespace("map-params");
    const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
    const matchConditions = [{ name: "others", expression: "!has(object.metadata.labels)" }];
    const mutations = [apply("Object{metadata: Object.metadata{annotations: {params.metadata.name: params.data.value}}}")];
    const selector = { matchLabels: { params: "yes" } };
    const name = await mutateBy("map-params", { paramKind, matchConditions, mutations }, { paramRef: { selector, parameterNotFoundAction: "Deny" } });
    expect(said(await create(path, "x"))).toBe(
      `403 Forbidden policy '${name}' with binding '${name}-b' denied request: failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    );
    await call("PATCH", `${group}/mutatingadmissionpolicybindings/${name}-b`, { body: { spec: { paramRef: { parameterNotFoundAction: "Allow" } } }, type: "application/merge-patch+json" });
    for (const one of ["one", "two"]) await created(`${path}/configmaps`, { metadata: { name: one, labels: { params: "yes" } }, data: { value: `of ${one}` } });
    const { body } = await create(path, "x");
    expect(body.metadata.annotations).toEqual({ one: "of one", two: "of two" });
  });

  it("that cannot be evaluated refuses with every cause, unless its failure policy says otherwise", async () => {
    const path = await namespace("map-errors");
    const broken = "Object{spec: Object.spec{a: 1}}";
    const name = await mutateBy("map-errors", { mutations: [apply(broken), label("a", "object.missing")] });
    const refused = await create(path, "a");
    const why = `policy '${name}' with binding '${name}-b' denied request:`;
    expect(said(refused)).toBe(`403 Invalid ${why} error applying patch: failed to convert patch object to typed object: .spec: field not declared in schema`);
    expect(refused.body.details).toMatchObject({ name: "a", kind: "configmaps" });
    expect(((refused.body.details?.["causes"] ?? []) as Json[]).map(({ message }) => message)).toEqual([
      refused.body.message,
      expect.stringMatching(/resulted in error: no such key: missing$/),
    ]);
    for (const one of made.splice(0)) await call("DELETE", one);
    await mutateBy("map-errors", { failurePolicy: "Ignore", mutations: [apply(broken), label("a", "'b'")] });
    expect(await labelsOf(create(path, "a"))).toEqual({ a: "b" });
  });

  it("changes what controllers create", async () => {
    const path = await namespace("map-pods");
    await mutateBy("map-pods", { matchConstraints: { resourceRules: [rule(["pods"], [""], ["CREATE"])] }, mutations: [label("mutated", "'yes'")] });
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "c:1" }] } };
    await created("/apis/apps/v1/namespaces/map-pods/replicasets", { metadata: { name: "web" }, spec: { replicas: 1, selector: { matchLabels: { a: "b" } }, template } });
    await vi.waitFor(async () => {
      const { items } = (await call("GET", `${path}/pods`)).body;
      expect(items[0]?.metadata.labels).toEqual({ a: "b", mutated: "yes" });
    }, { timeout: 10_000, interval: 100 });
  });

  it("changes custom resources by their own schema", async () => {
    await namespace("map-custom");
    const schema = {
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            size: { type: "integer" },
            parts: { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], items: { type: "object", required: ["name"], properties: { name: { type: "string" }, on: { type: "boolean" } } } },
            words: { type: "array", items: { type: "string" } },
          },
        },
      },
    };
    await created("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      metadata: { name: "gadgets.map.example.com" },
      spec: { group: "map.example.com", scope: "Namespaced", names: { plural: "gadgets", kind: "Gadget" }, versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }] },
    });
    const gadgets = { matchConstraints: { resourceRules: [rule(["gadgets"], ["map.example.com"])] } };
    await mutateBy("map-custom", { ...gadgets, mutations: [apply("Object{spec: Object.spec{size: object.spec.size + 1, parts: [Object.spec.parts{name: 'b', on: true}]}}")] });
    const path = "/apis/map.example.com/v1/namespaces/map-custom/gadgets";
    const gadget = (name: string) => ({ apiVersion: "map.example.com/v1", kind: "Gadget", metadata: { name }, spec: { size: 1, parts: [{ name: "a" }] } });
    expect((await created(path, gadget("one"))).spec).toEqual({ size: 2, parts: [{ name: "a" }, { name: "b", on: true }] });
    for (const one of made.splice(0)) await call("DELETE", one);
    await mutateBy("map-custom", { ...gadgets, mutations: [apply("Object{spec: Object.spec{words: ['x']}}")] });
    expect(said(await call("POST", path, { body: gadget("two") }))).toMatch(/may not mutate atomic arrays, maps or structs: .spec.words$/);
  });

  it("must keep the kind's rules, and be made of expressions that compile", async () => {
    const policies = `${group}/mutatingadmissionpolicies`;
    const causes = async (spec: object) => {
      const { status, body } = await call("POST", policies, { body: { metadata: { name: "broken" }, spec } });
      expect(status).toBe(422);
      return ((body.details?.["causes"] ?? []) as Json[]).map(({ field, message }) => `${String(field)}: ${(message ?? "").split("\n")[0]}`);
    };
    const matchConstraints = { resourceRules: [rule(["configmaps"])] };
    expect(await causes({ matchConstraints })).toEqual(["spec.mutations: Required value: mutations must contain at least one item", "spec.reinvocationPolicy: Required value"]);
    expect(await causes({ matchConstraints, reinvocationPolicy: "Never", mutations: [{ patchType: "JSONPatch", applyConfiguration: { expression: "Object{}" } }] })).toEqual([
      "spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch",
      'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not specified when patchType is JSONPatch',
    ]);
    expect(await causes({ matchConstraints, reinvocationPolicy: "Never", mutations: [apply("Object{a: nobody}"), patch("'x'")] })).toEqual([
      "spec.mutations[0].applyConfiguration.expression: Invalid value: \"Object{a: nobody}\": compilation failed: ERROR: <input>:1:11: undeclared reference to 'nobody' (in container '')",
      "spec.mutations[1].jsonPatch.expression: Invalid value: \"'x'\": must evaluate to list(JSONPatch) but got string",
    ]);
  });

  it("does not concern the configuration of admission", async () => {
    await namespace("map-exempt");
    await mutateBy("map-exempt", { matchConstraints: { resourceRules: [rule(["*"], ["*"])] }, mutations: [label("mutated", "'yes'")] }, { matchResources: {} });
    const binding = await created(`${group}/mutatingadmissionpolicybindings`, { metadata: { name: "other" }, spec: { policyName: "none" } });
    made.push(`${group}/mutatingadmissionpolicybindings/other`);
    expect(binding.metadata.labels).toBeUndefined();
  });
});

describe("the authorizer of expressions", () => {
  const may = "authorizer.group('').resource('secrets').namespace(request.namespace).check('get').allowed()";

  async function writer(space: string, name: string): Promise<string[]> {
    const path = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + space;
    await created(`${path}/roles`, { metadata: { name }, rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create"] }] });
    await created(`${path}/rolebindings`, { metadata: { name }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name }, subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }] });
    return [name, "system:authenticated"];
  }

  it("decides by the rules as they are now", async () => {
    const path = await namespace("map-authorizer");
    await mutateBy("map-authorizer", { mutations: [label("trusted", `string(${may})`), label("self", "string(authorizer.requestResource.check('create').allowed())")] });
    const as = await writer("map-authorizer", "walter");
    const labels = async (name: string) => (await call("POST", `${path}/configmaps`, { body: { metadata: { name } }, as })).body.metadata.labels;
    expect(await labels("a")).toEqual({ trusted: "false", self: "true" });
    await call("PATCH", "/apis/rbac.authorization.k8s.io/v1/namespaces/map-authorizer/roles/walter", {
      body: { rules: [{ apiGroups: [""], resources: ["configmaps", "secrets"], verbs: ["create", "get"] }] }, type: "application/merge-patch+json",
    });
    expect(await labels("b")).toEqual({ trusted: "true", self: "true" });
    expect(await labelsOf(create(path, "c"))).toEqual({ trusted: "true", self: "true" });
  });

  it("and whoever writes a policy must be allowed to read its parameters", async () => {
    await namespace("map-params-access");
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const rules = [{ apiGroups: ["admissionregistration.k8s.io"], resources: ["*"], verbs: ["*"] }, { apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }];
    await created(`${rbac}/clusterroles`, { metadata: { name: "author" }, rules });
    await created(`${rbac}/clusterrolebindings`, { metadata: { name: "author" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "author" }, subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "anna" }] });
    const as = ["anna", "system:authenticated"];
    const write = async (plural: string, name: string, spec: object) => {
      const { status, body } = await call("POST", `${group}/${plural}`, { body: { metadata: { name }, spec }, as });
      if (status === 201) made.push(`${group}/${plural}/${name}`);
      return [status, ...((body.details?.["causes"] ?? []) as Json[]).map(({ field, message }) => `${String(field)}: ${message ?? ""}`)];
    };
    const spec = (kind: string) => ({ paramKind: { apiVersion: "v1", kind }, matchConstraints: { resourceRules: [rule(["configmaps"])] }, reinvocationPolicy: "Never", mutations: [label("a", "'b'")] });
    expect(await write("mutatingadmissionpolicies", "of-secrets", spec("Secret"))).toEqual([
      422, 'spec.paramKind: Forbidden: user &{anna  [system:authenticated] map[]} must have "get" permission on all objects of the referenced paramKind (kind=Secret, apiVersion=v1)',
    ]);
    expect(await write("mutatingadmissionpolicies", "of-config-maps", spec("ConfigMap"))).toEqual([201]);
    await created(`${group}/mutatingadmissionpolicies`, { metadata: { name: "of-secrets" }, spec: spec("Secret") });
    made.push(`${group}/mutatingadmissionpolicies/of-secrets`);
    const bound = (policyName: string) => ({ policyName, paramRef: { name: "x", namespace: "map-params-access", parameterNotFoundAction: "Allow" }, matchResources: inSpace("nowhere") });
    expect(await write("mutatingadmissionpolicybindings", "to-config-maps", bound("of-config-maps"))).toEqual([201]);
    expect(await write("mutatingadmissionpolicybindings", "to-secrets", bound("of-secrets"))).toEqual([
      422, 'spec.paramRef: Forbidden: user &{anna  [system:authenticated] map[]} does not have "get" permission on the object referenced by paramRef',
    ]);
  });

  it("is there for validating policies, and for service accounts", async () => {
    const path = await namespace("vap-authorizer");
    const policy = `${stable}/validatingadmissionpolicies`;
    await created(policy, {
      metadata: { name: "trusted" },
      spec: {
        matchConstraints: { resourceRules: [rule(["configmaps"])] },
        validations: [
          { expression: may, message: "may not read secrets" },
          { expression: "!authorizer.serviceAccount(request.namespace, 'default').group('').resource('secrets').check('get').allowed()", message: "accounts may" },
        ],
      },
    });
    await created(policy.replace("policies", "policybindings"), { metadata: { name: "trusted" }, spec: { policyName: "trusted", validationActions: ["Deny"], matchResources: inSpace("vap-authorizer") } });
    made.push(`${policy.replace("policies", "policybindings")}/trusted`, `${policy}/trusted`);
    const as = await writer("vap-authorizer", "wanda");
    expect(said(await call("POST", `${path}/configmaps`, { body: { metadata: { name: "a" } }, as }))).toMatch(/^422 Invalid .*denied request: may not read secrets$/);
    expect((await create(path, "a")).status).toBe(201);
  });
});
