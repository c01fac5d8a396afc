/** What somebody tries who means ill: bodies that grow, and nodes that reach beyond what is theirs. */
import { SELF } from "cloudflare:test";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { call, namespace, prepare } from "./api.ts";

let ns: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("hostile");
});

const megabyte = 1024 * 1024;

/** Says nothing of its length; counts what was taken of it. */
function endless(megabytes: number): { body: ReadableStream<Uint8Array>; taken(): number } {
  const chunk = new TextEncoder().encode(" ".repeat(megabyte));
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1;
      if (sent > megabytes) controller.close();
      else controller.enqueue(chunk);
    },
  });
  return { body, taken: () => sent };
}

describe("a body", () => {
  test.each(["/kedge/v1/join", "/kedge/v1/nodes/n/poll"])("of a stranger is not read without end: %s", async (path) => {
    const { body, taken } = endless(200);
    
    const response = await SELF.fetch(`https://cluster${path}`, { method: "POST", headers: { authorization: "Bearer x" }, body });
    expect(response.status).toBe(413);
    expect(taken()).toBeLessThan(60);
  });

  test("of YAML may say things twice, but is not larger for it than a body may be", async () => {
    const review = (aliases: number, length: number) =>
      `apiVersion: authorization.k8s.io/v1\nkind: SelfSubjectAccessReview\nspec:\n  resourceAttributes: &a {verb: get, resource: pods, name: "${"x".repeat(length)}"}\nmore: [${Array.from({ length: aliases }, () => "*a").join(", ")}]\n`;
    const post = (text: string) => call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { text, type: "application/yaml" });
    expect((await post(review(3, 10))).status).toBe(201);
    const { status, body } = await post(review(90, 100_000));
    expect([status, body.message]).toEqual([400, expect.stringContaining("document contains excessive aliasing")]);
    const applied = await call("PATCH", `${ns}/configmaps/bomb?fieldManager=me`, {
      text: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\ndata:\n  a: &a "${"x".repeat(100_000)}"\n${Array.from({ length: 90 }, (_, at) => `  b${at}: *a\n`).join("")}`,
      type: "application/apply-patch+yaml",
    });
    expect([applied.status, applied.body.message]).toEqual([400, expect.stringContaining("document contains excessive aliasing")]);
  });

  test("of YAML is refused before it takes memory or seconds", async () => {
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wide}\ndata:\n${Array.from({ length: 40_000 }, (_, at) => `  k${at}: v\n`).join("")}`;
    const started = Date.now();
    const { status, body } = await call("POST", `${ns}/configmaps`, { text, type: "application/yaml" });
    expect([status, body.message]).toEqual([400, expect.stringContaining("document has more than 150000 tokens")]);
    const fits = text.split("\n").slice(0, 10_000).join("\n");
    expect((await call("POST", `${ns}/configmaps`, { text: fits, type: "application/yaml" })).status).toBe(201);
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  test("nested deeper than anybody reads is a bad request", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const revision = `{"metadata":{"name":"deep"},"revision":1,"data":{"a":${deep}}}`;
    const created = await call("POST", "/apis/apps/v1/namespaces/hostile/controllerrevisions", { text: revision });
    expect([created.status, created.body.message]).toEqual([400, expect.stringContaining("exceeded max depth")]);
  });
});

describe("a node", () => {
  const node = "node-hostile";
  const asNode = [`system:node:${node}`, "system:nodes"];

  test("changes its pods' status, and nothing by which others find them", async () => {
    const spec = { nodeName: node, containers: [{ name: "c", image: "i" }] };
    expect((await call("POST", `${ns}/pods`, { body: { metadata: { name: "own", labels: { app: "quiet" } }, spec } })).status).toBe(201);
    const patch = (body: object) => call("PATCH", `${ns}/pods/own/status`, { body, type: "application/merge-patch+json", as: asNode });
    expect((await patch({ status: { phase: "Running" } })).status).toBe(200);
    const labelled = await patch({ metadata: { labels: { app: "payments" } }, status: { phase: "Running" } });
    expect([labelled.status, labelled.body.message]).toEqual([403, `pods "own" is forbidden: node "${node}" cannot update labels through pod status`]);
    const claimed = await patch({ status: { resourceClaimStatuses: [{ name: "gpu", resourceClaimName: "theirs" }] } });
    expect([claimed.status, claimed.body.message]).toEqual([403, `pods "own" is forbidden: node "${node}" cannot update resource claim statues`]);
    expect((await call("GET", `${ns}/pods/own`)).body.metadata.labels).toEqual({ app: "quiet" });
  });
});

describe("an owner reference", () => {
  const sets = "/apis/apps/v1/namespaces/owned/replicasets";
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } };
  const spec = { selector: { matchLabels: { app: "web" } }, template };

  async function deployed(): Promise<{ uid: string; set: string }> {
    await namespace("owned");
    const { body } = await call("POST", "/apis/apps/v1/namespaces/owned/deployments", { body: { metadata: { name: "web" }, spec: { replicas: 1, ...spec } } });
    const set = await vi.waitFor(async () => {
      const { items } = (await call("GET", sets)).body;
      expect(items).toHaveLength(1);
      return items[0]?.metadata.uid ?? "";
    }, { timeout: 10_000, interval: 50 });
    return { uid: body.metadata.uid, set };
  }

  test("that is a lie takes its own object with it, and nobody else's", async () => {
    const { uid, set } = await deployed();
    const lies = [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid }];
    expect((await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "a-lie", ownerReferences: lies } } })).status).toBe(201);
    const liesNearby = [{ apiVersion: "apps/v1", kind: "Deployment", name: "nobody", uid }];
    expect((await call("POST", "/api/v1/namespaces/owned/configmaps", { body: { metadata: { name: "a-lie", ownerReferences: liesNearby } } })).status).toBe(201);
    await vi.waitFor(async () => {
      expect((await call("GET", `${ns}/configmaps/a-lie`)).status).toBe(404);
      expect((await call("GET", "/api/v1/namespaces/owned/configmaps/a-lie")).status).toBe(404);
    }, { timeout: 15_000, interval: 100 });
    expect((await call("GET", sets)).body.items.map(({ metadata }) => metadata.uid)).toEqual([set]);
  });

  test("of an object of the cluster to one of a namespace is no reason to delete it", async () => {
    const owner = (await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "owner" } } })).body;
    const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid }];
    expect((await call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", { body: { metadata: { name: "owned", ownerReferences } } })).status).toBe(201);
    expect((await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "witness", ownerReferences: [{ ...ownerReferences[0], name: "nobody" }] } } })).status).toBe(201);
    await vi.waitFor(async () => expect((await call("GET", `${ns}/configmaps/witness`)).status).toBe(404), { timeout: 15_000, interval: 100 });
    expect((await call("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/owned")).status).toBe(200);
  });
});
