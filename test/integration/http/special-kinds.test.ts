/** What single kinds have beyond what all of them have. */
import { beforeAll, describe, expect, test } from "vitest";
import { call, namespace, prepare, type Json } from "./api.ts";

const strategic = "application/strategic-merge-patch+json";
const tableType = "application/json;as=Table;g=meta.k8s.io;v=v1";

let ns: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("special");
});

const container = { name: "web", image: "web:1", resources: { requests: { cpu: "100m" }, limits: { cpu: "200m" } } };

/** Of no node: nobody starts it. */
async function podNamed(name: string): Promise<Json> {
  const body = { metadata: { name }, spec: { schedulerName: "nobody", containers: [container] } };
  const created = await call("POST", `${ns}/pods`, { body });
  expect(created.status, created.text).toBe(201);
  return created.body;
}

const fields = (body: Json): (string | undefined)[] => ((body.details?.["causes"] ?? []) as { field?: string }[]).map(({ field }) => field);

describe("pods/ephemeralcontainers", () => {
  const path = () => `${ns}/pods/debugged/ephemeralcontainers`;
  const debug = (rest: object) => ({ body: { spec: { ephemeralContainers: [{ name: "debug", image: "busybox:1", ...rest }] } }, type: strategic });

  test("adds a container to look around with, and nothing else", async () => {
    const pod = await podNamed("debugged");
    const { status, body } = await call("PATCH", path(), debug({ targetContainerName: "web", stdin: true }));
    expect(status).toBe(200);
    expect(body.spec["ephemeralContainers"]).toEqual([
      {
        name: "debug", image: "busybox:1", targetContainerName: "web", stdin: true, resources: {},
        imagePullPolicy: "IfNotPresent", terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File",
      },
    ]);
    expect(body.spec["containers"]).toEqual(pod.spec["containers"]);
    expect(body.metadata.generation).toBe(2);
    const sneaky = { ...body, metadata: { ...body.metadata, labels: { a: "b" } }, spec: { ...body.spec, hostNetwork: true } };
    expect((await call("PUT", path(), { body: sneaky })).body.spec).toEqual(body.spec);
  });

  test("keeps those that are there", async () => {
    const changed = await call("PATCH", path(), debug({ image: "busybox:2" }));
    expect(changed.status).toBe(422);
    expect(changed.body.message).toContain('existing ephemeral containers "debug" may not be changed');
    const { body } = await call("GET", path());
    const { ephemeralContainers: _gone, ...spec } = body.spec;
    expect((await call("PUT", path(), { body: { ...body, spec } })).body.message).toContain('existing ephemeral containers "debug" may not be removed');
  });

  test("refuses what such a container does not have", async () => {
    const second = { name: "second", image: "i", ports: [{ containerPort: 80 }], targetContainerName: "nobody" };
    const { status, body } = await call("PATCH", path(), { body: { spec: { ephemeralContainers: [second] } }, type: strategic });
    expect(status).toBe(422);
    expect(fields(body)).toEqual(["spec.ephemeralContainers[0].targetContainerName", "spec.ephemeralContainers[0].ports"]);
  });

  test("is the only way to one", async () => {
    const spec = { containers: [container], ephemeralContainers: [{ name: "d", image: "i" }] };
    const { status, body } = await call("POST", `${ns}/pods`, { body: { metadata: { name: "early" }, spec } });
    expect(status).toBe(422);
    expect(body.message).toContain("spec.ephemeralContainers: Forbidden: cannot be set on create");
  });
});

describe("pods/resize", () => {
  const resize = (resources: object, rest: object = {}) => ({ body: { spec: { containers: [{ name: "web", resources, ...rest }] } }, type: strategic });

  test("changes what a container asks for, and nothing else", async () => {
    await podNamed("resized");
    const { status, body } = await call("PATCH", `${ns}/pods/resized/resize`, resize({ requests: { cpu: "150m" } }, { image: "other:1" }));
    expect(status).toBe(200);
    expect(body.spec["containers"]).toMatchObject([{ image: "web:1", resources: { requests: { cpu: "150m" }, limits: { cpu: "200m" } } }]);
    expect((await call("PATCH", `${ns}/pods/resized`, resize({ requests: { cpu: "160m" } }))).status).toBe(422);
  });

  test("leaves the pod in its class, and other resources alone", async () => {
    const promoted = await call("PATCH", `${ns}/pods/resized/resize`, resize({ requests: { cpu: "200m", memory: "1Gi" }, limits: { memory: "1Gi" } }));
    expect(promoted.body.message).toContain("Pod QOS Class may not change as a result of resizing");
    const stored = await call("PATCH", `${ns}/pods/resized/resize`, resize({ requests: { "ephemeral-storage": "1Gi" } }));
    expect(stored.body.message).toContain("only cpu and memory resources are mutable");
  });
});

test("a Binding by the older path binds the pod that it names", async () => {
  await podNamed("bound");
  const binding = { metadata: { name: "bound" }, target: { kind: "Node", name: "node-1" } };
  expect((await call("POST", `${ns}/bindings`, { body: binding })).status).toBe(201);
  expect((await call("GET", `${ns}/pods/bound`)).body.spec["nodeName"]).toBe("node-1");
  expect((await call("POST", `${ns}/bindings`, { body: { target: { name: "node-1" } } })).status).toBe(400);
  expect((await call("GET", `${ns}/bindings`)).status).toBe(405);
});

test("ComponentStatuses are healthy, deprecated, and nobody's to write", async () => {
  const list = await call("GET", "/api/v1/componentstatuses");
  expect(list.status).toBe(200);
  expect(list.headers.get("warning")).toContain("v1 ComponentStatus is deprecated in v1.19+");
  expect(list.body).toMatchObject({ kind: "ComponentStatusList", apiVersion: "v1" });
  expect(list.body.items.map(({ metadata }) => metadata.name)).toEqual(["controller-manager", "etcd-0", "scheduler"]);
  const one = await call("GET", "/api/v1/componentstatuses/scheduler");
  expect(one.body).toEqual({ kind: "ComponentStatus", apiVersion: "v1", metadata: { name: "scheduler" }, conditions: [{ type: "Healthy", status: "True", message: "ok" }] });
  const metadata = await call("GET", "/api/v1/componentstatuses/scheduler", { accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" });
  expect(metadata.body).toMatchObject({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "scheduler" } });
  const table = await call("GET", "/api/v1/componentstatuses", { accept: tableType });
  expect((table.body["rows"] as { cells: unknown[] }[]).map(({ cells }) => cells)).toEqual([
    ["controller-manager", "Healthy", "ok", ""], ["etcd-0", "Healthy", "ok", ""], ["scheduler", "Healthy", "ok", ""],
  ]);
  expect((await call("GET", "/api/v1/componentstatuses/nobody")).status).toBe(404);
  expect((await call("DELETE", "/api/v1/componentstatuses/scheduler")).status).toBe(405);
});

test("an autoscaler is one object in two versions", async () => {
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  const old = { metadata: { name: "web" }, spec: { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 60 } };
  const created = await call("POST", "/apis/autoscaling/v1/namespaces/special/horizontalpodautoscalers", { body: old });
  expect(created.status, created.text).toBe(201);
  expect(created.body).toMatchObject({ apiVersion: "autoscaling/v1", spec: { minReplicas: 1, targetCPUUtilizationPercentage: 60 } });
  const newer = await call("GET", "/apis/autoscaling/v2/namespaces/special/horizontalpodautoscalers/web");
  expect(newer.body).toMatchObject({ apiVersion: "autoscaling/v2", metadata: { uid: created.body.metadata.uid }, spec: { metrics: [{ type: "Resource", resource: { name: "cpu", target: { averageUtilization: 60 } } }] } });
  const memory = { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } };
  const both = { ...newer.body, spec: { ...newer.body.spec, metrics: [...(newer.body.spec["metrics"] as object[]), memory] } };
  expect((await call("PUT", "/apis/autoscaling/v2/namespaces/special/horizontalpodautoscalers/web", { body: both })).status).toBe(200);
  const shown = await call("GET", "/apis/autoscaling/v1/namespaces/special/horizontalpodautoscalers/web");
  expect(shown.body.metadata.annotations).toEqual({ "autoscaling.alpha.kubernetes.io/metrics": '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}}]' });
  // Whoever changes something else by the older version loses nothing of the newer.
  const patch = { body: { spec: { maxReplicas: 6 } }, type: "application/merge-patch+json" };
  await call("PATCH", "/apis/autoscaling/v1/namespaces/special/horizontalpodautoscalers/web", patch);
  expect((await call("GET", "/apis/autoscaling/v2/namespaces/special/horizontalpodautoscalers/web")).body.spec).toMatchObject({ maxReplicas: 6, metrics: [{}, memory] });
  const discovered = await call("GET", "/apis/autoscaling");
  expect(discovered.body).toMatchObject({ preferredVersion: { version: "v2" }, versions: [{ version: "v2" }, { version: "v1" }] });
});

test("a ReplicationController is scaled, and says its selector plainly", async () => {
  const template = { metadata: { labels: { app: "old", tier: "a" } }, spec: { containers: [{ name: "c", image: "i:1" }] } };
  expect((await call("POST", `${ns}/replicationcontrollers`, { body: { metadata: { name: "old" }, spec: { replicas: 0, template } } })).status).toBe(201);
  const scale = await call("GET", `${ns}/replicationcontrollers/old/scale`);
  expect(scale.body).toMatchObject({ kind: "Scale", spec: {}, status: { selector: "app=old,tier=a" } });
});

test("a certificate request is decided through its approval", async () => {
  const root = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
  const request = btoa("-----BEGIN CERTIFICATE REQUEST-----\nMQ==\n-----END CERTIFICATE REQUEST-----\n");
  const { body } = await call("POST", root, { body: { metadata: { name: "me" }, spec: { request, signerName: "example.com/s", usages: ["client auth"], username: "somebody-else" } } });
  expect(body.spec["username"]).not.toBe("somebody-else");
  const status = { conditions: [{ type: "Approved", status: "True", reason: "Asked", message: "nicely" }] };
  const approved = await call("PUT", `${root}/me/approval`, { body: { ...body, status } });
  expect(approved.body.status).toMatchObject(status);
  expect((await call("PUT", `${root}/me/status`, { body: { ...approved.body, status: {} } })).status).toBe(422);
});

test("every cluster has its ServiceCIDR", async () => {
  const { status, body } = await call("GET", "/apis/networking.k8s.io/v1/servicecidrs/kubernetes");
  expect(status).toBe(200);
  expect(body.spec["cidrs"]).toHaveLength(1);
});

test("a namespace takes everything in it along", async () => {
  const path = await namespace("leaving");
  const spec = { selector: { matchLabels: { a: "b" } } };
  const budgets = "/apis/policy/v1/namespaces/leaving/poddisruptionbudgets";
  expect((await call("POST", budgets, { body: { metadata: { name: "b" }, spec } })).status).toBe(201);
  await call("DELETE", path);
  for (let left = 100; ; left--) {
    if ((await call("GET", path)).status === 404) break;
    if (left === 0) throw new Error("the namespace is still there");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect((await call("GET", budgets)).body.items).toEqual([]);
});
