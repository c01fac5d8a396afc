import { beforeEach, describe, expect, it } from "vitest";
import { call, type Json, prepare, WatchReader } from "../http/api.ts";
import { created, eventuallyGone, freshNamespace, got, namesAt, patched, removed } from "./harness.ts";

beforeEach(prepare);

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
let count = 0;

interface Version {
  name: string;
  schema?: object;
  served?: boolean;
  subresources?: object;
}

const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** A kind of its own for each call; the first version is the stored one. */
async function define(versions: Version[], { group = `crd-${++count}.example.com`, plural = "foos", kind = "Foo", labels = {} } = {}) {
  const listed = versions.map(({ name, schema = anything, served = true, ...rest }, at) => ({ name, served, storage: at === 0, schema: { openAPIV3Schema: schema }, ...rest }));
  const spec = { group, scope: "Namespaced", names: { plural, kind }, versions: listed };
  const path = `${definitions}/${plural}.${group}`;
  await created(definitions, { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: `${plural}.${group}`, labels }, spec });
  return { group, path, kind, objects: (version: string, namespace = "default") => `/apis/${group}/${version}/namespaces/${namespace}/${plural}` };
}

/** The published schema of a kind: kubectl explains and validates by it. */
async function published(group: string, version: string, kind: string): Promise<Json | undefined> {
  const answer = await call("GET", `/openapi/v3/apis/${group}/${version}`);
  if (answer.status === 404) return undefined;
  const { schemas } = answer.body["components"] as { schemas: Record<string, Json> };
  const name = `${group.split(".").toReversed().join(".")}.${version}.${kind}`;
  const { definitions: older } = (await got("/openapi/v2")) as unknown as { definitions: Record<string, object> };
  expect(Object.hasOwn(older, name)).toBe(Object.hasOwn(schemas, name));
  return schemas[name];
}

const strict = (path: string, body: object) => call("POST", `${path}?fieldValidation=Strict`, { body });

describe("custom resource definitions", () => {
  it("Custom Resource Definition, create", async () => {
    const { path } = await define([{ name: "v1" }]);
    await removed(path);
    await eventuallyGone(path);
  });

  it("Custom Resource Definition, list", async () => {
    const labels = { e2e: "listed" };
    for (let at = 0; at < 10; at += 1) await define([{ name: "v1" }], { labels });
    const { path: other } = await define([{ name: "v1" }]);
    expect(await namesAt(`${definitions}?labelSelector=e2e%3Dlisted`)).toHaveLength(10);
    await removed(`${definitions}?labelSelector=e2e%3Dlisted`);
    for (const name of await namesAt(`${definitions}?labelSelector=e2e%3Dlisted`)) await eventuallyGone(`${definitions}/${name}`);
    expect((await got(other)).metadata.deletionTimestamp).toBeUndefined();
  });

  it("Custom Resource Definition, status sub-resource", async () => {
    const { path } = await define([{ name: "v1" }]);
    expect((await got(`${path}/status`)).status).toMatchObject({ conditions: expect.arrayContaining([expect.objectContaining({ type: "Established", status: "True" })]) });
    const current = await got(path);
    const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from an e2e test" };
    const status = current.status as { conditions: object[] };
    const updated = await call("PUT", `${path}/status`, { body: { ...current, status: { ...status, conditions: [...status.conditions, condition] } } });
    expect(updated.status).toBe(200);
    await patched(`${path}/status`, { metadata: { annotations: { patched: "true" } } });
    const after = await got(path);
    expect(after.status).toMatchObject({ conditions: expect.arrayContaining([expect.objectContaining({ type: "StatusUpdate" })]) });
    expect(after.spec).toEqual(current.spec);
  });

  it("Custom Resource Definition, watch", async () => {
    const { objects } = await define([{ name: "v1" }]);
    const watch = await WatchReader.open(`${objects("v1")}?watch=true`);
    await created(objects("v1"), { metadata: { name: "name1" } });
    await patched(`${objects("v1")}/name1`, { dummy: "test" });
    await removed(`${objects("v1")}/name1`);
    expect(await watch.take(3)).toEqual(["ADDED name1", "MODIFIED name1", "DELETED name1"]);
    await watch.close();
  });

  it("Custom Resource Definition, discovery", async () => {
    const { groups } = (await got("/apis")) as unknown as { groups: { name: string; versions: object[] }[] };
    expect(groups.find(({ name }) => name === "apiextensions.k8s.io")?.versions).toContainEqual({ groupVersion: "apiextensions.k8s.io/v1", version: "v1" });
    expect((await got("/apis/apiextensions.k8s.io"))["versions"]).toContainEqual({ groupVersion: "apiextensions.k8s.io/v1", version: "v1" });
    expect((await got("/apis/apiextensions.k8s.io/v1"))["resources"]).toContainEqual(expect.objectContaining({ name: "customresourcedefinitions" }));
  });

  it("Custom Resource Definition, defaulting", async () => {
    const field = (fallback?: string) => ({ type: "string", ...(fallback === undefined ? {} : { default: fallback }) });
    const schema = (a?: string, b?: string) => ({ type: "object", properties: { a: field(a), b: field(b) } });
    const { path, objects } = await define([{ name: "v1", schema: schema() }]);
    await created(objects("v1"), { metadata: { name: "first" } });
    const redefine = (next: object) => patched(path, [{ op: "replace", path: "/spec/versions/0/schema/openAPIV3Schema", value: next }], "application/json-patch+json");
    await redefine(schema("A"));
    expect(await got(`${objects("v1")}/first`)).toMatchObject({ a: "A" });
    await created(objects("v1"), { metadata: { name: "second" } });
    await redefine(schema(undefined, "B"));
    expect(await got(`${objects("v1")}/second`)).toMatchObject({ a: "A", b: "B" });
    expect((await got(`${objects("v1")}/first`))["a"]).toBeUndefined();
  });

  it.each(["Aggregated Discovery Interface CRDs", "Aggregated Discovery Endpoint Accept Headers CRDs"])("%s", async () => {
    const { group } = await define([{ name: "v1" }]);
    const answer = await call<{ items: { metadata: { name: string }; versions: { resources: { resource: string }[] }[] }[] }>("GET", "/apis", {
      accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    });
    expect(answer.body.items.find(({ metadata }) => metadata.name === group)?.versions[0]?.resources.map(({ resource }) => resource)).toEqual(["foos"]);
  });
});

describe("what is published of custom resources", () => {
  const bars = { type: "object", properties: { spec: { type: "object", description: "Specification of Foo", properties: { bars: { type: "array", items: { type: "object", required: ["name"], properties: { name: { type: "string", description: "Name of Bar." }, age: { type: "string" } } } } } } } };

  it("Custom Resource OpenAPI Publish, with validation schema", async () => {
    const { group, objects, kind } = await define([{ name: "v1", schema: bars }]);
    expect(await published(group, "v1", kind)).toMatchObject({ properties: { spec: { description: "Specification of Foo", properties: { bars: { items: { required: ["name"], properties: { name: { description: "Name of Bar." } } } } } } } });
    expect((await strict(objects("v1"), { metadata: { name: "good" }, spec: { bars: [{ name: "one", age: "10" }] } })).status).toBe(201);
    expect((await strict(objects("v1"), { metadata: { name: "unknown" }, spec: { bars: [{ name: "one", feeling: "great" }] } })).body.message).toContain('unknown field "spec.bars[0].feeling"');
    expect((await strict(objects("v1"), { metadata: { name: "lacking" }, spec: { bars: [{ age: "10" }] } })).body.message).toContain("spec.bars[0].name: Required value");
  });

  it.each([
    ["Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields at root", anything, { "x-kubernetes-preserve-unknown-fields": true }],
    ["Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields in object", { type: "object", properties: { a: anything } }, { properties: { a: { "x-kubernetes-preserve-unknown-fields": true } } }],
    [
      "Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields in embedded object",
      { type: "object", properties: { a: { ...anything, "x-kubernetes-embedded-resource": true } } },
      { properties: { a: { "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-embedded-resource": true } } },
    ],
  ])("%s", async (_name, schema, shown) => {
    const { group, kind, objects } = await define([{ name: "v1", schema }]);
    expect(await published(group, "v1", kind)).toMatchObject(shown);
    const embedded = { apiVersion: "v1", kind: "Thing", metadata: { name: "x" }, unknown: { deep: 1 } };
    const made = await strict(objects("v1"), { metadata: { name: "one" }, a: embedded });
    expect(made.status, made.text).toBe(201);
    expect(made.body["a"]).toEqual(embedded);
  });

  it("Custom Resource OpenAPI Publish, varying groups", async () => {
    const [first, second] = [await define([{ name: "v1", schema: bars }]), await define([{ name: "v1", schema: bars }])];
    for (const { group, kind } of [first, second]) expect(await published(group, "v1", kind)).toBeDefined();
  });

  it("Custom Resource OpenAPI Publish, varying kinds", async () => {
    const group = "kinds.example.com";
    await define([{ name: "v1", schema: bars }], { group, plural: "foos", kind: "Foo" });
    await define([{ name: "v1", schema: bars }], { group, plural: "bars", kind: "Bar" });
    for (const kind of ["Foo", "Bar"]) expect(await published(group, "v1", kind)).toBeDefined();
  });

  it("Custom Resource OpenAPI Publish, varying versions", async () => {
    const { group, kind } = await define([{ name: "v2", schema: bars }, { name: "v1", schema: bars }]);
    for (const version of ["v1", "v2"]) expect(await published(group, version, kind)).toBeDefined();
  });

  it("Custom Resource OpenAPI Publish, stop serving version", async () => {
    const { group, kind, path } = await define([{ name: "v2", schema: bars }, { name: "v1", schema: bars }]);
    await patched(path, [{ op: "replace", path: "/spec/versions/1/served", value: false }], "application/json-patch+json");
    expect(await published(group, "v1", kind)).toBeUndefined();
    expect(await published(group, "v2", kind)).toBeDefined();
  });

  it("Custom Resource OpenAPI Publish, version rename", async () => {
    const { group, kind, path } = await define([{ name: "v2", schema: bars }, { name: "v3", schema: bars }]);
    await patched(path, [{ op: "replace", path: "/spec/versions/1/name", value: "v4" }], "application/json-patch+json");
    expect(await published(group, "v3", kind)).toBeUndefined();
    expect(await published(group, "v4", kind)).toBeDefined();
    expect(await published(group, "v2", kind)).toBeDefined();
  });
});

describe("server-side field validation", () => {
  const known = { type: "object", properties: { spec: { type: "object", properties: { foo: { type: "string" }, template: { ...anything, "x-kubernetes-embedded-resource": true } } } } };
  const twice = (path: string, text: string) => call("POST", `${path}?fieldValidation=Strict`, { text });

  it("Server side field validation, typed object", async () => {
    const space = await freshNamespace("typed");
    expect((await strict(`${space}/configmaps`, { metadata: { name: "x" }, unknown: 1 })).body.message).toContain('strict decoding error: unknown field "unknown"');
    expect((await twice(`${space}/configmaps`, '{"metadata":{"name":"x"},"data":{"a":"1","a":"2"}}')).body.message).toContain('duplicate field "data.a"');
  });

  it("Server side field validation, typed unknown metadata", async () => {
    const space = await freshNamespace("typed");
    expect((await strict(`${space}/configmaps`, { metadata: { name: "x", unknownMeta: 1 } })).body.message).toContain('unknown field "metadata.unknownMeta"');
  });

  it("Server side field validation, unknown fields CR no validation schema", async () => {
    const { objects } = await define([{ name: "v1" }]);
    expect((await strict(objects("v1"), { metadata: { name: "x" }, spec: { unknown: 1 } })).status).toBe(201);
  });

  it("Server side field validation, valid CR with validation schema", async () => {
    const { objects } = await define([{ name: "v1", schema: known }]);
    expect((await strict(objects("v1"), { metadata: { name: "x" }, spec: { foo: "a" } })).status).toBe(201);
  });

  it("Server side field validation, unknown fields CR fails validation", async () => {
    const { objects } = await define([{ name: "v1", schema: known }]);
    const answer = await strict(objects("v1"), { metadata: { name: "x" }, spec: { foo: "a", unknown: 1 } });
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('unknown field "spec.unknown"')]);
  });

  it("Server side field validation, CR duplicates", async () => {
    const { objects } = await define([{ name: "v1" }]);
    const answer = await twice(objects("v1"), '{"metadata":{"name":"x"},"spec":{"foo":"a","foo":"b"}}');
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('duplicate field "spec.foo"')]);
  });

  it("Server side field validation, unknown metadata", async () => {
    const { objects } = await define([{ name: "v1", schema: known }]);
    const template = { apiVersion: "v1", kind: "Thing", metadata: { name: "y", unknownEmbedded: 1 } };
    const answer = await strict(objects("v1"), { metadata: { name: "x", unknownMeta: 1 }, spec: { template } });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('unknown field "metadata.unknownMeta"');
    expect(answer.body.message).toContain('unknown field "spec.template.metadata.unknownEmbedded"');
  });
});
