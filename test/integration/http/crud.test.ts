/** Create, read, update, patch and delete through the whole Worker. */
import { beforeAll, describe, expect, test } from "vitest";
import { call, namespace, prepare } from "./api.ts";

let ns: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("crud");
});

const configMap = (name: string, data: Record<string, string> = { a: "1" }) => ({ metadata: { name }, data });

describe("create", () => {
  test("answers 201 with what the server added", async () => {
    const { status, body } = await call("POST", `${ns}/configmaps`, { body: configMap("one") });
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: "ConfigMap", apiVersion: "v1", metadata: { name: "one", namespace: "crud" }, data: { a: "1" } });
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0);
  });

  test("refuses a name that is taken", async () => {
    await call("POST", `${ns}/configmaps`, { body: configMap("twice") });
    const { status, body } = await call("POST", `${ns}/configmaps`, { body: configMap("twice") });
    expect(status).toBe(409);
    expect(body).toMatchObject({ reason: "AlreadyExists", message: 'configmaps "twice" already exists', details: { name: "twice", kind: "configmaps" } });
  });

  test("makes a name from generateName", async () => {
    const { body } = await call("POST", `${ns}/configmaps`, { body: { metadata: { generateName: "made-" } } });
    expect(body.metadata.name).toMatch(/^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test("needs the namespace to be there", async () => {
    const { status, body } = await call("POST", "/api/v1/namespaces/nowhere/configmaps", { body: configMap("x") });
    expect(status).toBe(404);
    expect(body.message).toBe('namespaces "nowhere" not found');
  });

  test("takes YAML", async () => {
    const text = "metadata:\n  name: yaml\ndata:\n  a: b\n";
    const { status, body } = await call("POST", `${ns}/configmaps`, { text, type: "application/yaml" });
    expect(status).toBe(201);
    expect(body.data).toEqual({ a: "b" });
  });

  test("with dryRun answers, and stores nothing", async () => {
    const { status } = await call("POST", `${ns}/configmaps?dryRun=All`, { body: configMap("dry") });
    expect(status).toBe(201);
    expect((await call("GET", `${ns}/configmaps/dry`)).status).toBe(404);
  });

  test("gives a Service a cluster IP, and its node port to nobody else", async () => {
    const service = (name: string, nodePort?: number) => ({
      metadata: { name },
      spec: { type: "NodePort", ports: [{ port: 80, ...(nodePort === undefined ? {} : { nodePort }) }], selector: { a: "b" } },
    });
    const { body } = await call("POST", `${ns}/services`, { body: service("np") });
    const ports = body.spec["ports"] as { nodePort: number }[];
    expect(body.spec["clusterIP"]).toMatch(/^10\.96\./);
    expect(ports[0]?.nodePort).toBeGreaterThanOrEqual(30000);
    const taken = await call("POST", `${ns}/services`, { body: service("np2", ports[0]?.nodePort) });
    expect(taken.status).toBe(422);
    expect(taken.body.message).toContain("provided port is already allocated");
    await call("DELETE", `${ns}/services/np`);
    expect((await call("POST", `${ns}/services`, { body: service("np2", ports[0]?.nodePort) })).status).toBe(201);
  });
});

describe("update", () => {
  test("replaces, and counts the revision up", async () => {
    const { body: created } = await call("POST", `${ns}/configmaps`, { body: configMap("put") });
    const { status, body } = await call("PUT", `${ns}/configmaps/put`, { body: configMap("put", { b: "2" }) });
    expect(status).toBe(200);
    expect(body.data).toEqual({ b: "2" });
    expect(body.metadata.uid).toBe(created.metadata.uid);
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion));
  });

  test("that changes nothing writes nothing", async () => {
    const { body: created } = await call("POST", `${ns}/configmaps`, { body: configMap("same") });
    const { body } = await call("PUT", `${ns}/configmaps/same`, { body: configMap("same") });
    expect(body.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  });

  test("from a stale resourceVersion is a conflict", async () => {
    const { body: old } = await call("POST", `${ns}/configmaps`, { body: configMap("stale") });
    await call("PUT", `${ns}/configmaps/stale`, { body: configMap("stale", { b: "2" }) });
    const { status, body } = await call("PUT", `${ns}/configmaps/stale`, { body: { ...old, data: { c: "3" } } });
    expect(status).toBe(409);
    expect(body.message).toBe(
      'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  test("of another name than the path's is refused", async () => {
    const { status, body } = await call("PUT", `${ns}/configmaps/put`, { body: configMap("other") });
    expect(status).toBe(400);
    expect(body.message).toBe("the name of the object (other) does not match the name on the URL (put)");
  });

  test("keeps a Service's cluster IP when the client leaves it out", async () => {
    const spec = { ports: [{ port: 80 }], selector: { a: "b" } };
    const { body } = await call("POST", `${ns}/services`, { body: { metadata: { name: "kept" }, spec } });
    const changed = { metadata: { name: "kept" }, spec: { ...spec, ports: [{ port: 81 }] } };
    const { body: after } = await call("PUT", `${ns}/services/kept`, { body: changed });
    expect(after.spec["clusterIP"]).toBe(body.spec["clusterIP"]);
  });

  test("counts the generation for the spec, not for labels or status", async () => {
    const deployments = ns.replace("/api/v1", "/apis/apps/v1") + "/deployments";
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "example:1" }] } };
    const deployment = { metadata: { name: "gen" }, spec: { replicas: 0, selector: { matchLabels: { a: "b" } }, template } };
    expect((await call("POST", deployments, { body: deployment })).body.metadata.generation).toBe(1);
    const merge = { type: "application/merge-patch+json" };
    const labelled = await call("PATCH", `${deployments}/gen`, { ...merge, body: { metadata: { labels: { x: "y" } } } });
    expect(labelled.body.metadata.generation).toBe(1);
    const scaled = await call("PATCH", `${deployments}/gen/scale`, { ...merge, body: { spec: { replicas: 1 } } });
    expect(scaled.body).toMatchObject({ kind: "Scale", spec: { replicas: 1 }, status: { selector: "a=b" } });
    const { body } = await call("GET", `${deployments}/gen`);
    expect(body.metadata.generation).toBe(2);
    const status = await call("PATCH", `${deployments}/gen/status`, { ...merge, body: { spec: { replicas: 9 }, status: { replicas: 5 } } });
    expect(status.body).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 5 } });
    expect(status.body.metadata.generation).toBe(2);
  });
});

describe("patch", () => {
  test.each([
    ["application/merge-patch+json", { data: { a: null, b: "2" } }, { b: "2" }],
    ["application/strategic-merge-patch+json", { data: { b: "2" } }, { a: "1", b: "2" }],
    ["application/json-patch+json", [{ op: "replace", path: "/data/a", value: "3" }], { a: "3" }],
  ])("of type %s", async (type, body, data) => {
    const name = `patch-${type.length}`;
    await call("POST", `${ns}/configmaps`, { body: configMap(name) });
    const answer = await call("PATCH", `${ns}/configmaps/${name}`, { type, body });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual(data);
  });

  test("of a type that is not served says which are", async () => {
    const { status, body } = await call("PATCH", `${ns}/configmaps/one`, { type: "text/plain", text: "x" });
    expect(status).toBe(415);
    expect(body.message).toContain("application/strategic-merge-patch+json");
  });

  test("side by side loses nothing", async () => {
    await call("POST", `${ns}/configmaps`, { body: configMap("busy", {}) });
    const type = "application/merge-patch+json";
    const patches = Array.from({ length: 12 }, (_, at) =>
      call("PATCH", `${ns}/configmaps/busy`, { type, body: { data: { [`k${at}`]: "v" } } }),
    );
    expect((await Promise.all(patches)).map(({ status }) => status)).toEqual(patches.map(() => 200));
    const { body } = await call("GET", `${ns}/configmaps/busy`);
    expect(Object.keys(body.data ?? {})).toHaveLength(12);
  });
});

describe("delete", () => {
  test("answers Success with the object's uid", async () => {
    const { body: created } = await call("POST", `${ns}/configmaps`, { body: configMap("gone") });
    const { status, body } = await call("DELETE", `${ns}/configmaps/gone`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: "Status", status: "Success", details: { name: "gone", kind: "configmaps", uid: created.metadata.uid } });
    expect((await call("GET", `${ns}/configmaps/gone`)).status).toBe(404);
  });

  test("waits for finalizers, and ends with the last of them", async () => {
    await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "held", finalizers: ["example.com/hold"] } } });
    const { body } = await call("DELETE", `${ns}/configmaps/held`);
    expect(body.metadata.deletionTimestamp).toBeDefined();
    const type = "application/merge-patch+json";
    const added = await call("PATCH", `${ns}/configmaps/held`, { type, body: { metadata: { finalizers: ["example.com/hold", "example.com/new"] } } });
    expect(added.status).toBe(422);
    expect(added.body.message).toContain("no new finalizers can be added if the object is being deleted");
    await call("PATCH", `${ns}/configmaps/held`, { type, body: { metadata: { finalizers: null } } });
    expect((await call("GET", `${ns}/configmaps/held`)).status).toBe(404);
  });

  test("of another uid than the precondition's is a conflict", async () => {
    await call("POST", `${ns}/configmaps`, { body: configMap("unique") });
    const { status, body } = await call("DELETE", `${ns}/configmaps/unique`, { body: { preconditions: { uid: "other" } } });
    expect(status).toBe(409);
    expect(body.message).toContain("Precondition failed: UID in precondition: other, UID in object meta: ");
  });

  test("gives a bound pod its grace, and ends it at once when told so", async () => {
    const pod = { metadata: { name: "bound" }, spec: { nodeName: "n1", containers: [{ name: "c", image: "example:1" }] } };
    expect((await call("POST", `${ns}/pods`, { body: pod })).status).toBe(201);
    const { body } = await call("DELETE", `${ns}/pods/bound`);
    expect(body).toMatchObject({ kind: "Pod", metadata: { deletionGracePeriodSeconds: 30 } });
    const shorter = await call("DELETE", `${ns}/pods/bound?gracePeriodSeconds=5`);
    expect(shorter.body.metadata.deletionGracePeriodSeconds).toBe(5);
    await call("DELETE", `${ns}/pods/bound`, { body: { gracePeriodSeconds: 0 } });
    expect((await call("GET", `${ns}/pods/bound`)).status).toBe(404);
  });

  test("of a collection goes by its selector", async () => {
    const labelled = (name: string, tier: string) => ({ metadata: { name, labels: { tier } } });
    for (const [name, tier] of [["c1", "x"], ["c2", "x"], ["c3", "y"]] as const) {
      await call("POST", `${ns}/configmaps`, { body: labelled(name, tier) });
    }
    const { body } = await call("DELETE", `${ns}/configmaps?labelSelector=tier%3Dx`);
    expect(body.items.map(({ metadata }) => metadata.name)).toEqual(["c1", "c2"]);
    const { body: rest } = await call("GET", `${ns}/configmaps?labelSelector=tier`);
    expect(rest.items.map(({ metadata }) => metadata.name)).toEqual(["c3"]);
  });

  describe("of a Job", () => {
    const jobs = () => ns.replace("/api/v1", "/apis/batch/v1") + "/jobs";
    const spec = { suspend: true, template: { spec: { restartPolicy: "Never", schedulerName: "nobody", containers: [{ name: "c", image: "i" }] } } };
    const warning = '299 - "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"';

    test.each([
      ["keeps its pods where nobody says otherwise, and warns", "", ["orphan"], warning],
      ["keeps them quietly where that is asked for", "?propagationPolicy=Orphan", ["orphan"], null],
      ["takes them along where that is asked for", "?propagationPolicy=Background", undefined, null],
      ["takes them along in the words of old", "?orphanDependents=false", undefined, null],
    ])("%s", async (_, query, finalizers, said) => {
      const { body: made } = await call("POST", jobs(), { body: { metadata: { generateName: "job-" }, spec } });
      const { headers, body } = await call("DELETE", `${jobs()}/${made.metadata.name}${query}`);
      expect(headers.get("warning")).toBe(said);
      expect(body.metadata.finalizers).toEqual(finalizers);
    });

    test("and of a collection of them warns, too", async () => {
      await call("POST", jobs(), { body: { metadata: { generateName: "job-", labels: { all: "yes" } }, spec } });
      expect((await call("DELETE", `${jobs()}?labelSelector=all`)).headers.get("warning")).toBe(warning);
    });
  });

  test("marks a namespace, which then takes nothing new", async () => {
    const doomed = await namespace("doomed");
    await call("POST", `${doomed}/configmaps`, { body: { metadata: { name: "x", finalizers: ["example.com/hold"] } } });
    const { body } = await call("DELETE", doomed);
    expect(body).toMatchObject({ kind: "Namespace", status: { phase: "Terminating" } });
    const { status, body: refused } = await call("POST", `${doomed}/configmaps`, { body: configMap("late") });
    expect(status).toBe(403);
    expect(refused.message).toBe(
      'configmaps "late" is forbidden: unable to create new content in namespace doomed because it is being terminated',
    );
    expect(refused.details).toMatchObject({ causes: [{ reason: "NamespaceTerminating" }] });
  });
});

describe("subresources of pods", () => {
  test("binding binds once", async () => {
    const pod = { metadata: { name: "tobind" }, spec: { schedulerName: "nobody", containers: [{ name: "c", image: "example:1" }] } };
    await call("POST", `${ns}/pods`, { body: pod });
    const binding = { target: { kind: "Node", name: "n1" } };
    expect((await call("POST", `${ns}/pods/tobind/binding`, { body: binding })).status).toBe(201);
    const { body } = await call("GET", `${ns}/pods/tobind`);
    expect(body.spec["nodeName"]).toBe("n1");
    expect(body.status).toMatchObject({ conditions: [{ type: "PodScheduled", status: "True" }] });
    const again = await call("POST", `${ns}/pods/tobind/binding`, { body: binding });
    expect(again.status).toBe(409);
    expect(again.body.message).toContain('is already assigned to node "n1"');
  });

  test("eviction deletes", async () => {
    const pod = { metadata: { name: "evicted" }, spec: { schedulerName: "nobody", containers: [{ name: "c", image: "example:1" }] } };
    await call("POST", `${ns}/pods`, { body: pod });
    expect((await call("POST", `${ns}/pods/evicted/eviction`, { body: { metadata: { name: "evicted" } } })).status).toBe(201);
    expect((await call("GET", `${ns}/pods/evicted`)).status).toBe(404);
  });
});

test("an update says whom it means, in the words of the path", async () => {
  await call("POST", `${ns}/configmaps`, { body: configMap("meant") });
  const message = async (body: object) => (await call("PUT", `${ns}/configmaps/meant`, { body })).body.message;
  expect(await message({ data: {} })).toBe("the name of the object (meant based on URL) was undeterminable: name must be provided");
  expect(await message(configMap("other"))).toBe("the name of the object (other) does not match the name on the URL (meant)");
  expect(await message({ metadata: { name: "meant", namespace: "x" } })).toBe("the namespace of the object (x) does not match the namespace on the request (crud)");
});

test("a scale says whom it means, so that an empty one ends nothing", async () => {
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i:1" }] } };
  const deployments = ns.replace("/api/v1", "/apis/apps/v1") + "/deployments";
  await call("POST", deployments, { body: { metadata: { name: "sized" }, spec: { replicas: 2, selector: { matchLabels: { a: "b" } }, template } } });
  expect((await call("PUT", `${deployments}/sized/scale`, { body: {} })).status).toBe(400);
  expect((await call("GET", `${deployments}/sized/scale`)).body.spec).toEqual({ replicas: 2 });
});

test("Endpoints tell what replaces them", async () => {
  const { headers } = await call("GET", `${ns}/endpoints`);
  expect(headers.get("warning")).toBe('299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"');
});
