/** Server-side apply and managed fields, through the whole Worker. */
import { beforeAll, describe, expect, test } from "vitest";
import { call, namespace, prepare, send, type Answer, type Json } from "./api.ts";

let ns: string;

beforeAll(async () => {
  await prepare();
  ns = await namespace("apply");
});

interface ApplyOptions {
  manager?: string;
  query?: string;
  type?: string;
}

const applyPath = (path: string, { manager = "m", query = "" }: ApplyOptions = {}) => `${path}?fieldManager=${manager}${query}`;

async function apply(path: string, body: unknown, options: ApplyOptions = {}): Promise<Answer> {
  return await call("PATCH", applyPath(path, options), { body, type: options.type ?? "application/apply-patch+yaml" });
}

const configMap = (name: string, data: Record<string, string> | undefined, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  ...(data === undefined ? {} : { data }),
});

const deployment = (name: string, spec: object = {}, container: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "web", image: "web:1", ...container }] } },
    ...spec,
  },
});

interface Entry {
  manager: string;
  operation: string;
  apiVersion: string;
  time: string;
  fieldsType: string;
  fieldsV1: object;
  subresource?: string;
}

// The API's own form, which the tests look into.
const entriesOf = ({ metadata }: Json): Entry[] => (metadata["managedFields"] ?? []) as Entry[];
const entryOf = (object: Json, manager: string, subresource?: string): Entry | undefined =>
  entriesOf(object).find((entry) => entry.manager === manager && entry.subresource === subresource);

/** Entries are timed by whole seconds. */
async function nextSecond(since: unknown): Promise<void> {
  const now = async () => (await call("POST", `${ns}/configmaps?dryRun=All`, { body: configMap("clock", {}) })).body.metadata["creationTimestamp"];
  while ((await now()) === since);
}

describe("managed fields of writes that are no apply", () => {
  test("a create owns everything that it made, under the first word of its User-Agent", async () => {
    const response = await send("POST", `${ns}/configmaps`, { body: configMap("tracked", { a: "1" }, { labels: { app: "x" } }) });
    const body = await response.json<Json>();
    expect(entriesOf(body)).toEqual([
      {
        manager: "unknown",
        operation: "Update",
        apiVersion: "v1",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
        fieldsType: "FieldsV1",
        fieldsV1: { "f:data": { ".": {}, "f:a": {} }, "f:metadata": { "f:labels": { ".": {}, "f:app": {} } } },
      },
    ]);
  });

  test("an update takes what it changes and leaves the rest", async () => {
    await call("POST", `${ns}/configmaps?fieldManager=maker`, { body: configMap("shared", { a: "1", b: "1" }) });
    const { body } = await call("PUT", `${ns}/configmaps/shared?fieldManager=changer`, { body: configMap("shared", { a: "2", b: "1" }) });
    expect(entryOf(body, "maker")?.fieldsV1).toEqual({ "f:data": { ".": {}, "f:b": {} } });
    expect(entryOf(body, "changer")?.fieldsV1).toEqual({ "f:data": { "f:a": {} } });
  });

  test("nobody owns what is gone", async () => {
    await call("POST", `${ns}/configmaps?fieldManager=maker`, { body: configMap("gone", { a: "1", b: "1" }) });
    const { body } = await call("PATCH", `${ns}/configmaps/gone?fieldManager=changer`, { body: { data: { a: null } }, type: "application/merge-patch+json" });
    expect(entriesOf(body).map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual([["maker", { "f:data": { ".": {}, "f:b": {} } }]]);
  });

  test("a write that changes nothing leaves them, and the resourceVersion, alone", async () => {
    const { body: made } = await call("POST", `${ns}/configmaps?fieldManager=maker`, { body: configMap("same", { a: "1" }) });
    const { body } = await call("PUT", `${ns}/configmaps/same?fieldManager=other`, { body: configMap("same", { a: "1" }) });
    expect(body.metadata).toEqual(made.metadata);
  });

  test("are reset by an empty list, and set by a client that knows them", async () => {
    await call("POST", `${ns}/configmaps?fieldManager=maker`, { body: configMap("reset", { a: "1" }) });
    const patch = (managedFields: unknown) =>
      call("PATCH", `${ns}/configmaps/reset`, { body: { metadata: { managedFields } }, type: "application/merge-patch+json" });
    const entry = { manager: "given", operation: "Update", apiVersion: "v1", time: "2020-01-01T00:00:00Z", fieldsType: "FieldsV1", fieldsV1: { "f:data": { "f:a": {} } } };
    expect(entriesOf((await patch([entry])).body)).toEqual([entry]);
    expect(entriesOf((await patch([{ ...entry, operation: "Guess" }])).body)).toEqual([entry]);
    expect(entriesOf((await patch([])).body)).toEqual([]);
    expect(entriesOf((await patch([entry])).body)).toEqual([entry]);
    expect(entriesOf((await patch([{}])).body)).toEqual([]);
  });

  test("of a status are its subresource's, and a status sent with the object is not owned", async () => {
    const body = { ...deployment("status"), status: { replicas: 7 } };
    const { body: made } = await call("POST", "/apis/apps/v1/namespaces/apply/deployments?fieldManager=maker", { body });
    expect(entryOf(made, "maker")?.fieldsV1).not.toHaveProperty("f:status");
    const path = "/apis/apps/v1/namespaces/apply/deployments/status";
    const { body: reported } = await call("PATCH", `${path}/status?fieldManager=reporter`, {
      body: { status: { observedGeneration: 1 }, spec: { replicas: 9 } },
      type: "application/merge-patch+json",
    });
    expect(entryOf(reported, "reporter", "status")?.fieldsV1).toEqual({ "f:status": { "f:observedGeneration": {} } });
  });

  test("refuse a manager's name that is too long or unprintable", async () => {
    const long = await call("POST", `${ns}/configmaps?fieldManager=${"x".repeat(129)}`, { body: configMap("long", {}) });
    expect(long).toMatchObject({ status: 422, body: { details: { causes: [{ reason: "FieldValueTooLong", field: "fieldManager" }] } } });
    const odd = await call("POST", `${ns}/configmaps?fieldManager=a%07`, { body: configMap("odd", {}) });
    expect(odd.body.message).toContain("invalid character U+0007 (at position 1)");
  });

  test("a Deployment has upstream's entries", async () => {
    const { body } = await call("POST", "/apis/apps/v1/namespaces/apply/deployments?fieldManager=kubectl-create", { body: deployment("like-upstream") });
    expect(entryOf(body, "kubectl-create")?.fieldsV1).toEqual({
      "f:spec": {
        "f:progressDeadlineSeconds": {},
        "f:replicas": {},
        "f:revisionHistoryLimit": {},
        "f:selector": {},
        "f:strategy": { "f:rollingUpdate": { ".": {}, "f:maxSurge": {}, "f:maxUnavailable": {} }, "f:type": {} },
        "f:template": {
          "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
          "f:spec": {
            "f:containers": {
              'k:{"name":"web"}': {
                ".": {},
                "f:image": {},
                "f:imagePullPolicy": {},
                "f:name": {},
                "f:resources": {},
                "f:terminationMessagePath": {},
                "f:terminationMessagePolicy": {},
              },
            },
            "f:dnsPolicy": {},
            "f:restartPolicy": {},
            "f:schedulerName": {},
            "f:securityContext": {},
            "f:terminationGracePeriodSeconds": {},
          },
        },
      },
    });
  });
});

describe("apply", () => {
  test("creates what is missing, and owns what it says", async () => {
    const { status, body } = await apply(`${ns}/configmaps/new`, configMap("new", { a: "1" }));
    expect(status).toBe(201);
    expect(body.data).toEqual({ a: "1" });
    expect(entriesOf(body)).toMatchObject([{ manager: "m", operation: "Apply", apiVersion: "v1", fieldsV1: { "f:data": { "f:a": {} } } }]);
  });

  test("the same again changes nothing, not even the resourceVersion", async () => {
    const { body: first } = await apply(`${ns}/configmaps/twice`, configMap("twice", { a: "1" }));
    const { status, body } = await apply(`${ns}/configmaps/twice`, configMap("twice", { a: "1" }));
    expect(status).toBe(200);
    expect(body).toEqual(first);
  });

  test("removes what it no longer says and nobody else owns", async () => {
    await apply(`${ns}/configmaps/less`, configMap("less", { a: "1", b: "1", c: "1" }));
    await apply(`${ns}/configmaps/less`, configMap("less", { c: "1" }), { manager: "other" });
    const { body } = await apply(`${ns}/configmaps/less`, configMap("less", { a: "1" }));
    expect(body.data).toEqual({ a: "1", c: "1" });
  });

  test("refuses to take what another owns, and says what and whose", async () => {
    await call("POST", `/apis/apps/v1/namespaces/apply/deployments?fieldManager=kubectl-client-side-apply`, { body: deployment("contested", { replicas: 2 }) });
    const path = "/apis/apps/v1/namespaces/apply/deployments/contested";
    const { status, body } = await apply(path, deployment("contested", { replicas: 3 }));
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: "Conflict",
      message: 'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
      details: { causes: [{ reason: "FieldManagerConflict", message: 'conflict with "kubectl-client-side-apply" using apps/v1', field: ".spec.replicas" }] },
    });
    const forced = await apply(path, deployment("contested", { replicas: 3 }), { query: "&force=true" });
    expect(forced.body.spec["replicas"]).toBe(3);
    expect(entryOf(forced.body, "kubectl-client-side-apply")?.fieldsV1).not.toHaveProperty("f:spec.f:replicas");
    expect(entryOf(forced.body, "m")?.fieldsV1).toMatchObject({ "f:spec": { "f:replicas": {} } });
  });

  test("shares a field with another who wants the same value", async () => {
    await apply(`${ns}/configmaps/both`, configMap("both", { a: "1" }), { manager: "one" });
    const { status, body } = await apply(`${ns}/configmaps/both`, configMap("both", { a: "1" }), { manager: "two" });
    expect(status).toBe(200);
    expect(entriesOf(body).map(({ manager }) => manager)).toEqual(["one", "two"]);
    const gone = await apply(`${ns}/configmaps/both`, configMap("both", undefined), { manager: "one" });
    expect(gone.body.data).toEqual({ a: "1" });
  });

  test("merges list items by their keys, defaults of keys included", async () => {
    const path = "/apis/apps/v1/namespaces/apply/deployments/lists";
    await apply(path, deployment("lists", {}, { ports: [{ containerPort: 80 }] }), { manager: "one" });
    const { status, body } = await apply(path, deployment("lists", {}, { ports: [{ containerPort: 53, protocol: "UDP" }, { containerPort: 80, protocol: "TCP", name: "http" }] }), { manager: "two" });
    expect(status, body.message).toBe(200);
    const ports = (body.spec as { template: { spec: { containers: { ports: object[] }[] } } }).template.spec.containers[0]?.ports;
    expect(ports).toEqual([{ containerPort: 53, protocol: "UDP" }, { containerPort: 80, protocol: "TCP", name: "http" }]);
  });

  test("another way to write a quantity is no change and no conflict", async () => {
    // Nobody schedules it, so nobody else writes it.
    const pod = (cpu: string | number) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "quantity" },
      spec: { schedulerName: "none", containers: [{ name: "web", image: "web:1", resources: { limits: { cpu } } }] },
    });
    const { body: first } = await apply(`${ns}/pods/quantity`, pod("1000m"));
    const again = await apply(`${ns}/pods/quantity`, pod(1));
    expect(again.body.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect((await apply(`${ns}/pods/quantity`, pod("1"), { manager: "other" })).status).toBe(200);
  });

  test("of what is stored as nothing changes nothing when it comes again", async () => {
    const said = configMap("empty", {}, { labels: {}, annotations: {} });
    const { body: first } = await apply(`${ns}/configmaps/empty`, said);
    await nextSecond(first.metadata["creationTimestamp"]);
    const { body } = await apply(`${ns}/configmaps/empty`, said);
    expect(body.metadata).toEqual(first.metadata);
  });

  test("takes YAML", async () => {
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: b\n";
    const { status, body } = await call("PATCH", applyPath(`${ns}/configmaps/yaml`), { text, type: "application/apply-patch+yaml" });
    expect(status).toBe(201);
    expect(body.data).toEqual({ a: "b" });
  });

  test("with dryRun answers, and stores nothing", async () => {
    const { status } = await apply(`${ns}/configmaps/dry`, configMap("dry", { a: "1" }), { query: "&dryRun=All" });
    expect(status).toBe(201);
    expect((await call("GET", `${ns}/configmaps/dry`)).status).toBe(404);
  });

  test("of a status changes the status alone, and creates nothing", async () => {
    const path = "/apis/apps/v1/namespaces/apply/deployments/status-applied";
    const status = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "status-applied" }, status: { observedGeneration: 1 } };
    expect((await apply(`${path}/status`, status)).status).toBe(404);
    await apply(path, deployment("status-applied"));
    const { body } = await apply(`${path}/status`, { ...status, spec: { replicas: 9 } }, { manager: "reporter" });
    expect(body.spec["replicas"]).toBe(1);
    expect(entryOf(body, "reporter", "status")).toMatchObject({ operation: "Apply", fieldsV1: { "f:status": { "f:observedGeneration": {} } } });
  });

  test("of a scale owns the replicas", async () => {
    const path = "/apis/apps/v1/namespaces/apply/deployments/scaled";
    await apply(path, deployment("scaled", { replicas: 1 }), { manager: "owner" });
    const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "scaled" }, spec: { replicas: 2 } };
    const refused = await apply(`${path}/scale`, scale, { manager: "scaler" });
    expect(refused.body.message).toBe('Apply failed with 1 conflict: conflict with "owner": .spec.replicas');
    const { body } = await apply(`${path}/scale`, scale, { manager: "scaler", query: "&force=true" });
    expect(body).toMatchObject({ kind: "Scale", spec: { replicas: 2 } });
    const again = await apply(path, deployment("scaled", { replicas: 1 }), { manager: "owner" });
    expect(again.body.message).toBe('Apply failed with 1 conflict: conflict with "scaler" with subresource "scale": .spec.replicas');
  });

  test("of a scale owns nothing else of its object, whatever it says", async () => {
    const path = "/apis/apps/v1/namespaces/apply/deployments/labelled";
    await apply(path, deployment("labelled", { replicas: 1 }), { manager: "owner" });
    const metadata = { name: "labelled", labels: { a: "b" }, annotations: { c: "d" } };
    const { status } = await apply(`${path}/scale`, { apiVersion: "autoscaling/v1", kind: "Scale", metadata, spec: { replicas: 1 } }, { manager: "scaler" });
    const { metadata: { managedFields, annotations } } = (await call("GET", path)).body;
    expect([status, annotations]).toEqual([200, undefined]);
    const scaler = (managedFields as { manager: string; fieldsV1: object }[]).find(({ manager }) => manager === "scaler");
    expect(scaler?.fieldsV1).toEqual({ "f:spec": { "f:replicas": {} } });
  });

  test("takes over what kubectl applied as a client, without force", async () => {
    const config = configMap("migrated", { a: "1", b: "1" });
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(config) };
    await call("POST", `${ns}/configmaps?fieldManager=kubectl-client-side-apply`, { body: configMap("migrated", { a: "1", b: "1" }, { annotations }) });
    const { status, body } = await apply(`${ns}/configmaps/migrated`, configMap("migrated", { a: "2", b: "1" }), { manager: "kubectl" });
    expect(status, body.message).toBe(200);
    expect(JSON.parse(body.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"] ?? "")).toEqual(configMap("migrated", { a: "2", b: "1" }));
    expect((await apply(`${ns}/configmaps/migrated`, configMap("migrated", { b: "2" }), { manager: "else" })).status).toBe(409);
  });
});

describe("apply is refused", () => {
  const rows: [sentence: string, name: string, body: unknown, options: ApplyOptions, code: number, message: string][] = [
    ["without a manager", "x", configMap("x", {}), { manager: "" }, 422, "fieldManager: Required value: is required for apply patch"],
    ["with managed fields", "x", configMap("x", {}, { managedFields: [] }), {}, 400, "metadata.managedFields must be nil"],
    ["for another kind", "x", { ...configMap("x", {}), kind: "Secret" }, {}, 400, "invalid object type: /v1, Kind=Secret"],
    ["for no kind", "x", { metadata: { name: "x" } }, {}, 400, "invalid object type: /, Kind="],
    ["for another version", "x", { ...configMap("x", {}), apiVersion: "v2" }, {}, 400, "invalid object type: /v2, Kind=ConfigMap"],
    ["under another name", "x", configMap("y", {}), {}, 400, "the name of the object (y) does not match the name on the URL (x)"],
    ["under a name to be made", "x", { ...configMap("x", {}), metadata: { generateName: "x-" } }, {}, 400, "name must be provided"],
    ["with a field that the kind does not have", "x", { ...configMap("x", {}), spec: {} }, {}, 400, "failed to create typed patch object (/x; v1, Kind=ConfigMap): .spec: field not declared in schema"],
    ["with a value of another type", "x", { ...configMap("x", {}), immutable: "yes" }, {}, 400, ".immutable: expected boolean, got &{yes}"],
    ["based on a version of what is not there", "x", configMap("x", {}, { resourceVersion: "1" }), {}, 409, "the object has been modified"],
    ["with the uid of what is not there", "x", configMap("x", {}, { uid: "u" }), {}, 409, "uid mismatch: the provided object specified uid u, and no existing object was found"],
    ["as CBOR", "x", configMap("x", {}), { type: "application/apply-patch+cbor" }, 415, "application/apply-patch+yaml"],
    ["as a list", "x", [], {}, 400, "error decoding YAML"],
    ["with force where it is no apply", "x", {}, { type: "application/merge-patch+json", query: "&force=true" }, 422, "force: Forbidden: may not be specified for non-apply patch"],
  ];
  test.each(rows)("%s", async (_, name, body, options, code, message) => {
    const answer = await apply(`${ns}/configmaps/${name}`, body, options);
    expect(answer.body.message).toContain(message);
    expect(answer.status).toBe(code);
  });

  test("with two items of one key", async () => {
    const ports = { ports: [{ containerPort: 80 }, { containerPort: 80, protocol: "TCP" }] };
    const { status, body } = await apply("/apis/apps/v1/namespaces/apply/deployments/dup", deployment("dup", {}, ports));
    expect(status).toBe(400);
    expect(body.message).toBe(
      'failed to create typed patch object (/dup; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="web"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
    );
  });

  test("based on an old version", async () => {
    const { body } = await apply(`${ns}/configmaps/old`, configMap("old", { a: "1" }));
    await apply(`${ns}/configmaps/old`, configMap("old", { a: "2" }));
    const { status } = await apply(`${ns}/configmaps/old`, configMap("old", { a: "3" }, { resourceVersion: body.metadata.resourceVersion }));
    expect(status).toBe(409);
  });

  test("with a key that stands there twice, if it is to be strict", async () => {
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: repeated\ndata:\n  a: b\n  a: c\n";
    const strict = await call("PATCH", applyPath(`${ns}/configmaps/repeated`, { query: "&fieldValidation=Strict" }), { text, type: "application/apply-patch+yaml" });
    expect(strict.status).toBe(400);
    expect(strict.body.message).toBe('error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "a" already set in map');
    const warned = await call("PATCH", applyPath(`${ns}/configmaps/repeated`), { text, type: "application/apply-patch+yaml" });
    expect(warned.body.data).toEqual({ a: "c" });
    expect(warned.headers.get("warning")).toContain('already set in map');
  });
});
