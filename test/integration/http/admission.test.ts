/** Admission's built-in plugins, as a client meets them. */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { call, namespace, prepare, type Json } from "./api.ts";

beforeAll(prepare);

const pod = (name: string, spec: object = {}) => ({ metadata: { name }, spec: { containers: [{ name: "c", image: "app:1" }], ...spec } });
const enforcing = async (name: string, labels: Record<string, string>) => {
  const body = { metadata: { name, labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])) } };
  expect((await call("POST", "/api/v1/namespaces", { body })).status).toBe(201);
  return `/api/v1/namespaces/${name}`;
};

describe("PodSecurity", () => {
  it("refuses a pod that violates what its namespace enforces", async () => {
    const path = await enforcing("strict", { enforce: "restricted" });
    const { status, body } = await call("POST", `${path}/pods`, { body: pod("plain") });
    expect(status).toBe(403);
    expect(body.message).toMatch(/^pods "plain" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(container "c" must set/);
  });

  it("warns of a workload whose pods will be refused, and the workload says why it has none", async () => {
    const path = await enforcing("warned", { enforce: "baseline", warn: "baseline" });
    const template = { metadata: { labels: { app: "web" } }, spec: { hostNetwork: true, containers: [{ name: "c", image: "app:1" }] } };
    const { status, headers } = await call("POST", "/apis/apps/v1/namespaces/warned/replicasets", {
      body: { metadata: { name: "web" }, spec: { replicas: 1, selector: { matchLabels: { app: "web" } }, template } },
    });
    expect(status).toBe(201);
    expect(headers.get("warning")).toBe('299 - "would violate PodSecurity \\"baseline:latest\\": host namespaces (hostNetwork=true)"');
    await vi.waitFor(async () => {
      const events = (await call(`GET`, `${path}/events?fieldSelector=reason=FailedCreate`)).body.items;
      expect(events.map(({ message }: Json) => message)[0]).toMatch(/^Error creating: pods "web-\w+" is forbidden: violates PodSecurity "baseline:latest": host namespaces \(hostNetwork=true\)$/);
    }, { timeout: 10_000, interval: 100 });
  });

  it("takes effect with the namespace's labels", async () => {
    const path = await namespace("loose");
    expect((await call("POST", `${path}/pods`, { body: pod("a", { hostNetwork: true }) })).status).toBe(201);
    const labels = { "pod-security.kubernetes.io/enforce": "baseline" };
    const type = "application/merge-patch+json";
    const { status, headers } = await call("PATCH", path, { body: { metadata: { labels } }, type });
    expect([status, headers.get("warning")]).toEqual([200, '299 - "existing pods in namespace \\"loose\\" violate the new PodSecurity enforce level \\"baseline:latest\\"", 299 - "a: host namespaces"']);
    expect((await call("POST", `${path}/pods`, { body: pod("b", { hostNetwork: true }) })).status).toBe(403);
  });
});

describe("Priority", () => {
  it("gives pods the priority of their class, or of the default class", async () => {
    const path = await namespace("ranked");
    const classes = "/apis/scheduling.k8s.io/v1/priorityclasses";
    expect((await call("POST", classes, { body: { metadata: { name: "usual" }, value: 7, globalDefault: true } })).status).toBe(201);
    const { body } = await call("POST", `${path}/pods`, { body: pod("a") });
    expect(body.spec).toMatchObject({ priorityClassName: "usual", priority: 7 });
    expect((await call("DELETE", `${classes}/usual`)).status).toBe(200);
    const refused = await call("POST", `${path}/pods`, { body: pod("b", { priorityClassName: "usual" }) });
    expect([refused.status, refused.body.message]).toEqual([403, 'pods "b" is forbidden: no PriorityClass with name usual was found']);
  });
});
