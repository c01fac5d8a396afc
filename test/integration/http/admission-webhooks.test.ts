/** Admission webhooks: the Worker calls them over HTTPS, they answer outside of it (../test-webhooks.ts). */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { call, namespace, prepare, type Json } from "./api.ts";

beforeAll(prepare);

const group = "/apis/admissionregistration.k8s.io/v1";
const rule = (resources: string[], operations = ["CREATE"], apiGroups = [""]) => ({ apiGroups, apiVersions: ["*"], resources, operations });
const made: string[] = [];
let serial = 0;

interface Hook {
  path?: string;
  [field: string]: unknown;
}

/** Only of the test's own namespace, so that no other test meets it. */
const hookOf = (space: string, { path = "/allow", ...more }: Hook, at: number) => ({
  name: `hook${at}.example.com`,
  clientConfig: { url: `https://hooks.example.com${path}` },
  rules: [rule(["configmaps"])],
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": space } },
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
  timeoutSeconds: 3,
  ...more,
});

async function configure(kind: "validating" | "mutating", space: string, ...hooks: Hook[]): Promise<string> {
  const path = `${group}/${kind}webhookconfigurations`;
  const name = `config-${(serial += 1)}`;
  const { status, text } = await call("POST", path, { body: { metadata: { name }, webhooks: hooks.map((hook, at) => hookOf(space, hook, at)) } });
  expect(status, text).toBe(201);
  made.push(`${path}/${name}`);
  return `${path}/${name}`;
}

afterEach(async () => {
  for (const path of made.splice(0)) await call("DELETE", path);
});

const configMap = (name: string, data?: object) => ({ metadata: { name }, ...(data && { data }) });
const create = (path: string, name: string, query = "") => call("POST", `${path}/configmaps${query}`, { body: configMap(name) });
const said = ({ status, body }: { status: number; body: Json }) => `${status} ${body.message ?? ""}`;

describe("a validating webhook", () => {
  it("denies, with its own code and words", async () => {
    const path = await namespace("denied");
    await configure("validating", "denied", { path: "/deny" });
    const answer = await create(path, "a");
    expect([said(answer), answer.body.reason]).toEqual(['403 admission webhook "hook0.example.com" denied the request: this is not wanted', "Forbidden"]);
    expect((await call("GET", `${path}/configmaps/a`)).status).toBe(404);
  });

  it("denies without a word", async () => {
    const path = await namespace("silent");
    await configure("validating", "silent", { path: "/deny-silently" });
    expect(said(await create(path, "a"))).toBe('400 admission webhook "hook0.example.com" denied the request without explanation');
  });

  it("allows, and its warnings are told", async () => {
    const path = await namespace("allowed");
    await configure("validating", "allowed", {});
    const { status, headers } = await create(path, "a");
    expect([status, headers.get("warning")]).toEqual([201, '299 - "look out"']);
  });

  it("is asked about updates, patches, deletes and dry runs, with old and new", async () => {
    const path = await namespace("asked");
    expect((await create(path, "a")).status).toBe(201);
    await configure("validating", "asked", { path: "/echo", rules: [rule(["configmaps"], ["*"])] });
    const told = (answer: { body: Json }) => JSON.parse((answer.body.message ?? "").replace(/^.*request: /, "")) as object;
    const one = `${path}/configmaps/a`;
    expect(told(await call("PUT", one, { body: configMap("a", { k: "v" }) }))).toEqual({ operation: "UPDATE", dryRun: false, object: "a", old: true });
    expect(told(await call("PATCH", one, { body: { data: { k: "v" } }, type: "application/merge-patch+json" }))).toEqual({ operation: "UPDATE", dryRun: false, object: "a", old: true });
    expect(told(await call("DELETE", one))).toEqual({ operation: "DELETE", dryRun: false, object: null, old: true });
    expect(told(await create(path, "b", "?dryRun=All"))).toEqual({ operation: "CREATE", dryRun: true, object: "b", old: false });
  });

  it("is not asked where its selectors, its scope and its conditions do not match", async () => {
    const path = await namespace("elsewhere");
    await configure("validating", "elsewhere",
      { path: "/deny", objectSelector: { matchLabels: { a: "b" } } },
      { path: "/deny", rules: [rule(["pods"])] },
      { path: "/deny", rules: [{ ...rule(["configmaps"]), scope: "Cluster" }] },
      { path: "/deny", matchConditions: [{ name: "only-b", expression: "object.metadata.name == 'b'" }] },
      { path: "/deny", matchConditions: [{ name: "strangers", expression: "!authorizer.requestResource.check('anything').allowed()" }] });
    expect((await create(path, "a")).status).toBe(201);
    expect(said(await create(path, "b"))).toBe('403 admission webhook "hook3.example.com" denied the request: this is not wanted');
  });

  it("is never asked about webhooks themselves", async () => {
    await namespace("itself");
    const config = await configure("validating", "itself", { path: "/deny", namespaceSelector: {}, rules: [rule(["*"], ["*"], ["admissionregistration.k8s.io"])] });
    expect((await call("PATCH", config, { body: { metadata: { labels: { a: "b" } } }, type: "application/merge-patch+json" })).status).toBe(200);
    expect((await call("DELETE", config)).status).toBe(200);
  });
});

describe("a webhook that cannot be asked", () => {
  it.each([
    ["answers with an error", { path: "/broken" }, /an error on the server \("no"\) has prevented the request from succeeding: 500/],
    ["redirects", { path: "/redirect" }, /it answered with a redirect \(302\), which is not followed/],
    ["says too much", { path: "/huge" }, /its answer is larger than 4194304 bytes/],
    ["answers another question", { path: "/other-uid" }, /expected response.uid="[-0-9a-f]+", got "other"/],
    ["takes too long", { path: "/slow", timeoutSeconds: 1 }, /Post "https:\/\/hooks.example.com\/slow\?timeout=1s": context deadline exceeded/],
    ["is a Service", { clientConfig: { service: { namespace: "default", name: "hook" } } }, /service default\/hook cannot be reached from the control plane/],
    ["is private", { clientConfig: { url: "https://10.0.0.1/" } }, /10.0.0.1 is a private address/],
  ])("denies when it %s", async (why, hook, reason) => {
    const name = `fails-${why.replaceAll(" ", "-").toLowerCase()}`;
    const path = await namespace(name);
    await configure("validating", name, hook);
    const { status, body } = await create(path, "a");
    expect(status).toBe(500);
    expect(body.message).toMatch(/^Internal error occurred: failed calling webhook "hook0.example.com": /);
    expect(body.message).toMatch(reason);
  });

  it("is passed over where its failure policy says so", async () => {
    const path = await namespace("ignored");
    await configure("validating", "ignored", { path: "/broken", failurePolicy: "Ignore" });
    expect((await create(path, "a")).status).toBe(201);
  });
});

describe("mutating webhooks", () => {
  it("change the object one after the other, and defaults are applied to what they add", async () => {
    const path = await namespace("mutated");
    await configure("mutating", "mutated", { path: "/first" });
    await configure("mutating", "mutated", { path: "/second" }, { path: "/sidecar", rules: [rule(["pods"])] });
    expect((await create(path, "a")).body.data).toEqual({ first: "1", second: "1" });
    const pod = await call("POST", `${path}/pods`, { body: { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "app:1" }] } } });
    expect(pod.body.spec["initContainers"]).toMatchObject([{ name: "added", image: "app:1", imagePullPolicy: "IfNotPresent", terminationMessagePolicy: "File" }]);
  });

  it("are asked again after others if they want to", async () => {
    const path = await namespace("again");
    await configure("mutating", "again", { path: "/count", reinvocationPolicy: "IfNeeded" }, { path: "/first" });
    expect((await create(path, "a")).body.data).toEqual({ count: "2", first: "1" });
  });

  it("change what controllers create, and deny it, too", async () => {
    const path = await namespace("workloads");
    await configure("mutating", "workloads", { path: "/sidecar", rules: [rule(["pods"])] });
    const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "app:1" }] } };
    const replicaSet = (name: string) => ({ metadata: { name }, spec: { replicas: 1, selector: { matchLabels: { app: "web", name } }, template: { ...template, metadata: { labels: { app: "web", name } } } } });
    expect((await call("POST", "/apis/apps/v1/namespaces/workloads/replicasets", { body: replicaSet("web") })).status).toBe(201);
    await vi.waitFor(async () => {
      const { items } = (await call("GET", `${path}/pods`)).body;
      expect(items.map(({ spec }: Json) => (spec["initContainers"] as Json[])[0]?.["name"])).toEqual(["added"]);
    }, { timeout: 10_000, interval: 100 });
    await configure("validating", "workloads", { path: "/deny", rules: [rule(["pods"])] });
    expect((await call("POST", "/apis/apps/v1/namespaces/workloads/replicasets", { body: replicaSet("other") })).status).toBe(201);
    await vi.waitFor(async () => {
      const { items } = (await call("GET", `${path}/events?fieldSelector=reason=FailedCreate`)).body;
      expect(items[0]?.message).toBe('Error creating: admission webhook "hook0.example.com" denied the request: this is not wanted');
    }, { timeout: 10_000, interval: 100 });
  });
});

describe("what is asked of a pod", () => {
  it("can be denied: attach, eviction, scale", async () => {
    const path = await namespace("connected");
    await call("POST", `${path}/pods`, { body: { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "app:1" }] } } });
    await configure("validating", "connected",
      { path: "/deny", rules: [rule(["pods/attach"], ["CONNECT"])] },
      { path: "/deny", rules: [rule(["pods/eviction"])] },
      { path: "/deny", rules: [rule(["*/scale"], ["UPDATE"], ["apps"])] });
    expect(said(await call("POST", `${path}/pods/p/attach?stdout=true`))).toBe('403 admission webhook "hook0.example.com" denied the request: this is not wanted');
    expect(said(await call("POST", `${path}/pods/p/eviction`, { body: { metadata: { name: "p" } } }))).toBe('403 admission webhook "hook1.example.com" denied the request: this is not wanted');
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "app:1" }] } };
    const deployments = "/apis/apps/v1/namespaces/connected/deployments";
    expect((await call("POST", deployments, { body: { metadata: { name: "d" }, spec: { replicas: 0, selector: { matchLabels: { a: "b" } }, template } } })).status).toBe(201);
    const scaled = await call("PATCH", `${deployments}/d/scale`, { body: { spec: { replicas: 2 } }, type: "application/merge-patch+json" });
    expect(said(scaled)).toBe('403 admission webhook "hook2.example.com" denied the request: this is not wanted');
  });
});
