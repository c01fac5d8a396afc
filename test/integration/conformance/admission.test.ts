import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { call, type Json, prepare } from "../http/api.ts";
import { created, freshNamespace, got, namesAt, patched, removed, template } from "./harness.ts";

beforeEach(prepare);

const group = "/apis/admissionregistration.k8s.io/v1";
const made: string[] = [];
let serial = 0;

afterEach(async () => {
  for (const path of made.splice(0)) await call("DELETE", path);
});

type Kind = "validating" | "mutating";
const rule = (resources: string[], operations: string[] = ["CREATE"], apiGroups: string[] = [""]) => ({ apiGroups, apiVersions: ["*"], resources, operations });
const nameOf = (space: string): string => space.slice(space.lastIndexOf("/") + 1);
const inSpace = (space: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": nameOf(space) } } });

/** A webhook of the test's own namespace, answered by ../test-webhooks.ts. */
const hook = (space: string, path: string, more: object = {}) => ({
  name: `hook${path.replaceAll("/", "-")}.example.com`,
  clientConfig: { url: `https://hooks.example.com${path}` },
  rules: [rule(["configmaps"])],
  ...inSpace(space),
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
  ...more,
});

async function configure(kind: Kind, webhooks: object[], labels: Record<string, string> = {}): Promise<string> {
  const name = `e2e-${kind}-${(serial += 1)}`;
  await created(`${group}/${kind}webhookconfigurations`, { metadata: { name, labels }, webhooks });
  const path = `${group}/${kind}webhookconfigurations/${name}`;
  made.push(path);
  return path;
}

const configMap = (name: string, data?: object) => ({ metadata: { name }, ...(data && { data }) });
const create = (space: string, name: string, data?: object) => call("POST", `${space}/configmaps`, { body: configMap(name, data) });
const unwanted = { "webhook-e2e-test": "webhook-disallow" };

describe("admission webhooks", () => {
  it.each<[string, Kind]>([["Admission webhook, list mutating webhooks", "mutating"], ["Admission webhook, list validating webhooks", "validating"]])("%s", async (_, kind) => {
    const space = await freshNamespace("listed");
    const path = kind === "mutating" ? "/first" : "/compliance";
    for (let count = 0; count < 10; count += 1) await configure(kind, [hook(space, path)], { [`list-${kind}`]: "yes" });
    const list = `${group}/${kind}webhookconfigurations?labelSelector=list-${kind}%3Dyes`;
    expect(await namesAt(list)).toHaveLength(10);
    const during = await create(space, "a", unwanted);
    if (kind === "mutating") expect(during.body.data).toMatchObject({ first: "1" });
    else expect(during.status).toBe(403);
    await removed(list);
    expect(await namesAt(list)).toEqual([]);
    const after = await create(space, "b", unwanted);
    expect(after.body.data).toEqual(unwanted);
  });

  it.each<[string, Kind]>([["Admission webhook, update mutating webhook", "mutating"], ["Admission webhook, update validating webhook", "validating"]])("%s", async (_, kind) => {
    const space = await freshNamespace("updated");
    const path = kind === "mutating" ? "/first" : "/compliance";
    const config = await configure(kind, [hook(space, path)]);
    const isApplied = async (name: string) => {
      const { status, body } = await create(space, name, unwanted);
      return status === 403 || body.data?.["first"] === "1";
    };
    expect(await isApplied("a")).toBe(true);
    const object = await got(config);
    const webhooks = (object["webhooks"] as Json[]).map((one) => ({ ...one, rules: [rule(["configmaps"], ["UPDATE"])] }));
    expect((await call("PUT", config, { body: { ...object, webhooks } })).status).toBe(200);
    expect(await isApplied("b")).toBe(false);
    await patched(config, [{ op: "replace", path: "/webhooks/0/rules/0/operations", value: ["CREATE"] }] as unknown as object, "application/json-patch+json");
    expect(await isApplied("c")).toBe(true);
  });

  const stored: [string, Kind][] = [
    ["Mutating Admission webhook, create and update mutating webhook configuration with matchConditions", "mutating"],
    ["Validating Admission webhook, create and update validating webhook configuration with matchConditions", "validating"],
  ];
  it.each(stored)("%s", async (_, kind) => {
    const space = await freshNamespace("conditions");
    const first = [{ name: "expression-1", expression: "object.metadata.name == 'a'" }];
    const config = await configure(kind, [hook(space, "/allow", { matchConditions: first })]);
    const conditions = async () => ((await got(config))["webhooks"] as Json[])[0]?.["matchConditions"];
    expect(await conditions()).toEqual(first);
    const object = await got(config);
    const more = [...first, { name: "expression-2", expression: "true" }];
    const webhooks = (object["webhooks"] as Json[]).map((one) => ({ ...one, matchConditions: more }));
    expect((await call("PUT", config, { body: { ...object, webhooks } })).status).toBe(200);
    expect(await conditions()).toEqual(more);
  });

  const rejected: [string, Kind][] = [
    ["Mutating Admission webhook, reject mutating webhook configurations with invalid matchConditions", "mutating"],
    ["Validing Admission webhook, reject validating webhook configurations with invalid matchConditions", "validating"],
  ];
  it.each(rejected)("%s", async (_, kind) => {
    const space = await freshNamespace("conditions");
    const body = { metadata: { name: "invalid" }, webhooks: [hook(space, "/allow", { matchConditions: [{ name: "invalid", expression: "... [] bad expression" }] })] };
    const { status, body: answer } = await call("POST", `${group}/${kind}webhookconfigurations`, { body });
    expect([status, answer.message]).toEqual([422, expect.stringContaining("compilation failed")]);
  });

  it("Admission webhook, deny attach", async () => {
    const space = await freshNamespace("attach");
    await created(`${space}/pods`, { ...template({}), metadata: { name: "p" } });
    await configure("validating", [hook(space, "/deny", { rules: [rule(["pods/attach"], ["CONNECT"])] })]);
    expect((await call("POST", `${space}/pods/p/attach?stdout=true`)).body.message).toContain("denied the request: this is not wanted");
  });

  it("Admission webhook, deny create", async () => {
    const [space, whitelisted] = [await freshNamespace("deny"), await freshNamespace("whitelisted")];
    await configure("validating", [
      hook(space, "/compliance", { rules: [rule(["pods", "configmaps"], ["CREATE", "UPDATE"])] }),
      hook(space, "/slow", { rules: [rule(["pods"])], objectSelector: { matchLabels: { hang: "yes" } }, timeoutSeconds: 1 }),
    ]);
    const refused = async (answer: Promise<{ status: number; body: Json }>, words: string) => expect((await answer).body.message).toContain(words);
    await refused(call("POST", `${space}/pods`, { body: { ...template({}), metadata: { name: "disallowed-pod" } } }), "denied the request");
    await refused(call("POST", `${space}/pods`, { body: { ...template({}), metadata: { name: "hanging", labels: { hang: "yes" } } } }), "context deadline exceeded");
    await refused(create(space, "bad", unwanted), "denied the request");
    await created(`${space}/configmaps`, configMap("good", { k: "v" }));
    await refused(call("PUT", `${space}/configmaps/good`, { body: configMap("good", unwanted) }), "denied the request");
    await refused(call("PATCH", `${space}/configmaps/good`, { body: { data: unwanted }, type: "application/merge-patch+json" }), "denied the request");
    expect((await create(whitelisted, "bad", unwanted)).status).toBe(201);
  });

  it("Admission webhook, deny custom resource definition", async () => {
    const rules = [rule(["customresourcedefinitions"], ["CREATE"], ["apiextensions.k8s.io"])];
    const config = await configure("validating", [{ ...hook("", "/deny", { rules }), namespaceSelector: {} }]);
    expect(((await got(config))["webhooks"] as Json[])[0]?.["rules"]).toMatchObject(rules);
    const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }];
    const spec = { group: "denied.example.com", scope: "Namespaced", names: { plural: "things", kind: "Thing" }, versions };
    const answer = await call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: { metadata: { name: "things.denied.example.com" }, spec } });
    expect([answer.status, answer.body.message]).toEqual([403, expect.stringContaining("denied the request: this is not wanted")]);
  });

  it("Admission webhook, honor timeout", async () => {
    const space = await freshNamespace("timeout");
    const short = await configure("validating", [hook(space, "/wait", { timeoutSeconds: 1 })]);
    expect((await create(space, "a")).body.message).toContain("context deadline exceeded");
    await removed(short);
    const ignored = await configure("validating", [hook(space, "/wait", { timeoutSeconds: 1, failurePolicy: "Ignore" })]);
    expect((await create(space, "a")).status).toBe(201);
    await removed(ignored);
    await configure("validating", [hook(space, "/wait", { timeoutSeconds: 10 })]);
    expect((await create(space, "b")).status).toBe(201);
  });

  it("Admission webhook, discovery document", async () => {
    const groups = (await got("/apis"))["groups"] as Json[];
    expect(groups.find(({ name }) => name === "admissionregistration.k8s.io")?.["versions"]).toContainEqual({ groupVersion: "admissionregistration.k8s.io/v1", version: "v1" });
    const names = ((await got(group))["resources"] as Json[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]));
  });

  it("Admission webhook, ordered mutation", async () => {
    const space = await freshNamespace("ordered");
    await configure("mutating", [hook(space, "/first"), hook(space, "/second")]);
    expect((await create(space, "a", { start: "yes" })).body.data).toEqual({ start: "yes", first: "1", second: "1" });
  });

  it("Mutating Admission webhook, mutating webhook excluding object with specific name", async () => {
    const space = await freshNamespace("skipped");
    await configure("mutating", [hook(space, "/first", { matchConditions: [{ name: "skip-me", expression: "object.metadata.name != 'skip-me'" }] })]);
    expect((await create(space, "skip-me")).body.data).toBeUndefined();
    expect((await create(space, "other")).body.data).toEqual({ first: "1" });
  });

  it("Admission webhook, mutation with defaulting", async () => {
    const space = await freshNamespace("defaulted");
    await configure("mutating", [hook(space, "/sidecar", { rules: [rule(["pods"])] })]);
    const pod = await created(`${space}/pods`, { ...template({}), metadata: { name: "p" } });
    expect(pod.spec["initContainers"]).toMatchObject([{ name: "added", terminationMessagePolicy: "File" }]);
  });

  it("Admission webhook, admission control not allowed on webhook configuration objects", async () => {
    const itself = { rules: [rule(["*"], ["*"], ["admissionregistration.k8s.io"])], namespaceSelector: {} };
    await configure("validating", [hook("", "/deny", itself)]);
    await configure("mutating", [hook("", "/first", itself)]);
    const space = await freshNamespace("untouched");
    const config = await configure("validating", [hook(space, "/allow")]);
    expect((await got(config)).data).toBeUndefined();
    await removed(config);
  });

  it("Admission webhook, fail closed", async () => {
    const space = await freshNamespace("closed");
    await configure("validating", [hook(space, "/broken")]);
    const { status, body } = await create(space, "a");
    expect([status, body.reason]).toEqual([500, "InternalError"]);
  });
});

describe("validating admission policies", () => {
  const deployments = { resourceRules: [rule(["deployments"], ["CREATE", "UPDATE"], ["apps"])] };
  const deployment = (name: string, replicas: number) => ({ metadata: { name }, spec: { replicas, selector: { matchLabels: { a: "b" } }, template: template({ a: "b" }) } });

  async function policy(space: string, spec: object): Promise<void> {
    const name = `policy-${(serial += 1)}`;
    await created(`${group}/validatingadmissionpolicies`, { metadata: { name }, spec: { matchConstraints: deployments, ...spec } });
    await created(`${group}/validatingadmissionpolicybindings`, { metadata: { name }, spec: { policyName: name, validationActions: ["Deny"], matchResources: inSpace(space) } });
    made.push(`${group}/validatingadmissionpolicybindings/${name}`, `${group}/validatingadmissionpolicies/${name}`);
  }

  it("ValidatingAdmissionPolicy, should validate against a Deployment", async () => {
    const space = await freshNamespace("policy");
    await policy(space, { validations: [{ expression: "object.spec.replicas > 1", messageExpression: "'wants replicas > 1, got ' + string(object.spec.replicas)" }] });
    const path = space.replace("/api/v1", "/apis/apps/v1") + "/deployments";
    await created(path, deployment("enough", 2));
    const { status, body } = await call("POST", path, { body: deployment("few", 1) });
    expect([status, body.message]).toEqual([422, expect.stringContaining("wants replicas > 1, got 1")]);
  });

  it("ValidatingAdmissionPolicy, should allow expressions to refer variables", async () => {
    const space = await freshNamespace("policy");
    await policy(space, {
      variables: [{ name: "replicas", expression: "object.spec.replicas" }, { name: "oddReplicas", expression: "variables.replicas % 2 == 1" }],
      validations: [{ expression: "variables.replicas > 1" }, { expression: "variables.oddReplicas" }],
    });
    const path = space.replace("/api/v1", "/apis/apps/v1") + "/deployments";
    await created(path, deployment("odd", 3));
    expect((await call("POST", path, { body: deployment("even", 2) })).status).toBe(422);
  });

  const typed = (kind: string, apiGroups: string[], plural: string, validations: object[]) =>
    it(`ValidatingAdmissionPolicy, should type check ${kind}`, async () => {
      const path = `${group}/validatingadmissionpolicies/policy-${(serial += 1)}`;
      const matchConstraints = { resourceRules: [{ ...rule([plural], ["CREATE", "UPDATE"], apiGroups), apiVersions: ["v1"] }] };
      await created(path.slice(0, path.lastIndexOf("/")), { metadata: { name: path.split("/").at(-1) }, spec: { matchConstraints, validations } });
      made.push(path);
      const checked = async () => (await got(path)).status as { observedGeneration?: number; typeChecking?: { expressionWarnings?: { fieldRef: string; warning: string }[] } };
      await vi.waitFor(async () => expect((await checked()).observedGeneration).toBe(1), { timeout: 10_000, interval: 50 });
      const { typeChecking } = await checked();
      expect(typeChecking?.expressionWarnings).toMatchObject([
        { fieldRef: "spec.validations[0].expression", warning: expect.stringContaining("found no matching overload for '_>_' applied to '(int, string)'") },
        { fieldRef: "spec.validations[0].messageExpression", warning: expect.stringContaining("found no matching overload for '_+_' applied to '(string, int)'") },
      ]);
      const good = [{ expression: "object.spec.replicas > 1", messageExpression: "'wants replicas > 1, got ' + string(object.spec.replicas)" }];
      expect((await call("PATCH", path, { body: { spec: { validations: good } }, type: "application/merge-patch+json" })).status).toBe(200);
      await vi.waitFor(async () => expect(await checked()).toEqual({ observedGeneration: 2, typeChecking: {} }), { timeout: 10_000, interval: 50 });
    });
  const confused = [{ expression: "object.spec.replicas > '1'", messageExpression: "'wants replicas > 1, got ' + object.spec.replicas" }];
  typed("validation expressions", ["apps"], "deployments", confused);

  describe("on a custom kind", () => {
    beforeAll(async () => {
      const openAPIV3Schema = { type: "object", properties: { spec: { type: "object", properties: { replicas: { type: "integer" } } } } };
      const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }];
      const spec = { group: "typed.example.com", scope: "Namespaced", names: { plural: "crontabs", kind: "CronTab" }, versions };
      await created("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { metadata: { name: "crontabs.typed.example.com" }, spec });
    });
    typed("a CRD", ["typed.example.com"], "crontabs", confused);
  });

  const served: [string, string][] = [["ValidatingAdmissionPolicy API", "validatingadmissionpolicies"], ["ValidatingadmissionPolicyBinding API", "validatingadmissionpolicybindings"]];
  it.each(served)("%s", async (_, plural) => {
    const resource = ((await got(group))["resources"] as Json[]).find(({ name }) => name === plural);
    expect(resource?.["verbs"]).toEqual(expect.arrayContaining(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]));
  });
});
