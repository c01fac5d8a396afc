/** CustomResourceDefinitions and their objects, by the behaviours that Kubernetes' conformance names. */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { call as request, prepare, WatchReader, type Answer, type Json } from "./api.ts";

beforeAll(prepare);

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

interface Definition {
  plural: string;
  group?: string;
  kind?: string;
  scope?: string;
  names?: object;
  versions?: object[];
  schema?: object;
  version?: object;
  annotations?: Record<string, string>;
}

function definition({ plural, group = "stable.example.com", kind = `${plural[0]?.toUpperCase()}${plural.slice(1, -1)}`, scope = "Namespaced", names, versions, schema, version, annotations }: Definition) {
  const openAPIV3Schema = schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, ...(annotations === undefined ? {} : { annotations }) },
    spec: { group, scope, names: { plural, kind, ...names }, versions: versions ?? [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema }, ...version }] },
  };
}

const eventually = async (look: () => Promise<void>): Promise<void> => await vi.waitFor(look, { timeout: 8_000, interval: 50 });
const define = async (of: Definition): Promise<Answer> => await request("POST", definitions, { body: definition(of) });
const collection = (plural: string, version = "v1") => `/apis/stable.example.com/${version}/namespaces/default/${plural}`;
const causesOf = ({ body }: Answer): string[] => (body.details as { causes: { field: string; message: string }[] }).causes.map(({ field, message }) => `${field}: ${message}`);
const object = (name: string, rest: object = {}) => ({ metadata: { name }, ...rest });

describe("a definition", () => {
  it("is established at once, with the names that it got", async () => {
    const { status, body } = await define({ plural: "crontabs", kind: "CronTab", names: { shortNames: ["ct"], categories: ["all"] } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      metadata: { generation: 1 },
      spec: { conversion: { strategy: "None" }, names: { singular: "crontab", listKind: "CronTabList" } },
      status: { acceptedNames: { plural: "crontabs", kind: "CronTab", shortNames: ["ct"] }, storedVersions: ["v1"] },
    });
    const conditions = (body.status as { conditions: { type: string; status: string; reason: string }[] }).conditions;
    expect(conditions.map(({ type, status: value, reason }) => `${type} ${value} ${reason}`)).toEqual(["NamesAccepted True NoConflicts", "Established True InitialNamesAccepted"]);
    const table = await request("GET", `${definitions}/crontabs.stable.example.com`, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
    expect(table.body).toMatchObject({ columnDefinitions: [{ name: "Name" }, { name: "Created At" }], rows: [{ cells: ["crontabs.stable.example.com", body.metadata["creationTimestamp"]] }] });
    const served = await request("GET", "/apis/stable.example.com/v1");
    expect(served.body).toMatchObject({ resources: [{ name: "crontabs", kind: "CronTab", shortNames: ["ct"], categories: ["all"], singularName: "crontab", namespaced: true }] });
  });

  it("does not get a name that another one of its group holds, until that one goes", async () => {
    await define({ plural: "firsts", kind: "First", names: { shortNames: ["same"] } });
    const { body } = await define({ plural: "seconds", kind: "Second", names: { shortNames: ["same"] } });
    expect(body.status).toMatchObject({ conditions: [{ type: "NamesAccepted", status: "False", reason: "ShortNamesConflict", message: '"same" is already in use' }, { type: "Established", status: "False" }] });
    expect((await request("GET", collection("seconds"))).status).toBe(404);
    await request("DELETE", `${definitions}/firsts.stable.example.com`);
    await eventually(async () => expect((await request("GET", `${definitions}/seconds.stable.example.com`)).body.status).toMatchObject({ conditions: [{ status: "True" }, { status: "True" }] }));
    await eventually(async () => expect((await request("GET", collection("seconds"))).status).toBe(200));
  });

  const hint = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
  it.each<[string, object, string[]]>([
    ["a name of its own", { metadata: { name: "other.stable.example.com" } }, ['metadata.name: Invalid value: "other.stable.example.com": must be spec.names.plural+"."+spec.group']],
    ["no version that is stored", { versions: [{ name: "v1", served: true, storage: false, schema: { openAPIV3Schema: { type: "object" } } }] }, ['spec.versions: Invalid value: [{"name":"v1","served":true,"storage":false}]: must have exactly one version marked as storage version']],
    ["no schema", { versions: [{ name: "v1", served: true, storage: true }] }, ["spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required"]],
    ["a field without a type", { schema: { type: "object", properties: { spec: {} } } }, ["spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields"]],
    ["a type in a junctor", { schema: { type: "object", properties: { a: { type: "string", anyOf: [{ type: "string" }] } } } }, ["spec.versions[0].schema.openAPIV3Schema.properties[a].anyOf[0].type: Forbidden: must be empty to be structural"]],
    ["unique items", { schema: { type: "object", properties: { a: { type: "array", uniqueItems: true, items: { type: "string" } } } } }, ["spec.versions[0].schema.openAPIV3Schema.properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"]],
    ["a pattern that is none", { schema: { type: "object", properties: { a: { type: "string", pattern: "(" } } } }, ["spec.versions[0].schema.openAPIV3Schema.properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`"]],
    ["a default that its schema refuses", { schema: { type: "object", properties: { a: { type: "integer", default: "x" } } } }, ['spec.versions[0].schema.openAPIV3Schema.properties[a].default: Invalid value: "string": spec.versions[0].schema.openAPIV3Schema.properties[a].default in body must be of type integer: "string"']],
    ["a map without keys", { schema: { type: "object", properties: { a: { type: "array", "x-kubernetes-list-type": "map", items: { type: "object" } } } } }, ["spec.versions[0].schema.openAPIV3Schema.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"]],
    ["a column of no type", { version: { additionalPrinterColumns: [{ name: "A", type: "text", jsonPath: ".spec.a" }] } }, ['spec.versions[0].additionalPrinterColumns[0].type: Unsupported value: "text": supported values: "boolean", "date", "integer", "number", "string"']],
    ["a rule that may cost too much", { schema: { type: "object", properties: { a: { type: "array", items: { type: "string" }, "x-kubernetes-validations": [{ rule: "self.all(x, self.all(y, x == y))" }] } } } }, [
      `spec.versions[0].schema.openAPIV3Schema.properties[a].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${hint}`,
      "spec.versions[0].schema.openAPIV3Schema.properties[a].x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema",
      `spec.versions[0].schema.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${hint}`,
    ]],
    ["a rule that may run too often", { schema: { type: "object", properties: { a: { type: "array", maxItems: 1000, items: { type: "string", maxLength: 10000, "x-kubernetes-validations": [{ rule: "self.contains('abcdefghijklmnopqrstuvwxyz')" }] } } } } }, [
      `spec.versions[0].schema.openAPIV3Schema.properties[a].items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of 1.200100x ${hint}`,
    ]],
    ["a rule that asks for a field that is not there", { schema: { type: "object", properties: { a: { type: "object", properties: { b: { type: "string" } }, "x-kubernetes-validations": [{ rule: "has(self.unknown)" }] } } } }, [expect.stringMatching(/^spec\.versions\[0\]\.schema\.openAPIV3Schema\.properties\[a\]\.x-kubernetes-validations\[0\]\.rule: Invalid value: .*undefined field 'unknown'/s) as string]],
    ["a webhook that is nowhere", { conversion: { strategy: "Webhook" } }, ["spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook", "spec.conversion.conversionReviewVersions: Required value"]],
    ["a webhook by http", { conversion: { strategy: "Webhook", webhook: { clientConfig: { url: "http://hooks.example.com" }, conversionReviewVersions: ["v2"] } } }, ["spec.conversion.webhookClientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]", 'spec.conversion.conversionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1']],
    ["a webhook that nobody asks", { conversion: { strategy: "None", webhook: { clientConfig: { url: "https://hooks.example.com" }, conversionReviewVersions: ["v1"] } } }, ["spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook", "spec.conversion.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook"]],
  ])("with %s is refused", async (_what, { metadata, conversion, ...of }: { metadata?: object; conversion?: object }, causes) => {
    const body = definition({ plural: "wrongs", ...of });
    const answer = await request("POST", definitions, { body: { ...body, metadata: { ...body.metadata, ...metadata }, spec: { ...body.spec, ...(conversion === undefined ? {} : { conversion }) } } });
    expect(answer.status).toBe(422);
    expect(causesOf(answer)).toEqual(causes);
  });

  it("of a group of Kubernetes' own names who approved it", async () => {
    const refused = await define({ plural: "gateways", group: "gateway.networking.k8s.io" });
    expect(causesOf(refused)[0]).toContain('metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io"');
    const { body } = await define({ plural: "gateways", group: "gateway.networking.k8s.io", annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes/x" } });
    expect(JSON.stringify(body.status)).toContain("KubernetesAPIApprovalPolicyConformant");
  });

  it("takes its objects along when it goes, those with finalizers when these are done", async () => {
    await define({ plural: "leavings" });
    await request("POST", collection("leavings"), { body: object("a") });
    await request("POST", collection("leavings"), { body: object("b", { metadata: { name: "b", finalizers: ["example.com/hold"] } }) });
    const deleted = await request("DELETE", `${definitions}/leavings.stable.example.com`);
    expect(deleted.body).toMatchObject({ metadata: { finalizers: ["customresourcecleanup.apiextensions.k8s.io"] } });
    await eventually(async () => expect((await request("GET", collection("leavings"))).body.items.map(({ metadata }) => metadata.name)).toEqual(["b"]));
    await eventually(async () => expect(JSON.stringify((await request("GET", `${definitions}/leavings.stable.example.com`)).body.status)).toContain("InstanceDeletionInProgress"));
    expect((await request("POST", collection("leavings"), { body: object("c") })).status).not.toBe(201);
    await request("PATCH", `${collection("leavings")}/b`, { type: "application/merge-patch+json", body: { metadata: { finalizers: null } } });
    await eventually(async () => expect((await request("GET", `${definitions}/leavings.stable.example.com`)).status).toBe(404));
    await eventually(async () => expect((await request("GET", collection("leavings"))).status).toBe(404));
  });
});

describe("its objects", () => {
  it("are created, read, replaced, patched, listed and deleted, and generation counts their content", async () => {
    await define({ plural: "things", version: { subresources: { status: {} } } });
    const at = `${collection("things")}/one`;
    const created = await request("POST", collection("things"), { body: { apiVersion: "stable.example.com/v1", kind: "Thing", ...object("one", { spec: { a: 1, b: "x" }, status: { seen: true } }) } });
    expect(created).toMatchObject({ status: 201, body: { kind: "Thing", apiVersion: "stable.example.com/v1", metadata: { generation: 1 }, spec: { a: 1 } } });
    expect(created.body.status).toBeUndefined();
    const replaced = await request("PUT", at, { body: { ...created.body, spec: { a: 2 }, status: { seen: true } } });
    expect(replaced.body).toMatchObject({ metadata: { generation: 2 }, spec: { a: 2 } });
    const reported = await request("PUT", `${at}/status`, { body: { ...replaced.body, spec: { a: 9 }, status: { seen: true } } });
    expect(reported.body).toMatchObject({ metadata: { generation: 2 }, spec: { a: 2 }, status: { seen: true } });
    const patched = await request("PATCH", at, { type: "application/json-patch+json", body: [{ op: "replace", path: "/spec/a", value: 3 }] });
    expect(patched.body).toMatchObject({ metadata: { generation: 3 }, spec: { a: 3 }, status: { seen: true } });
    const strategic = await request("PATCH", at, { type: "application/strategic-merge-patch+json", body: { spec: {} } });
    expect(strategic.status).toBe(415);
    const without = await request("PUT", at, { body: { apiVersion: "stable.example.com/v1", kind: "Thing", ...object("one") } });
    expect(causesOf(without)).toEqual(["metadata.resourceVersion: Invalid value: 0: must be specified for an update"]);
    const list = await request("GET", "/apis/stable.example.com/v1/things?fieldSelector=metadata.name%3Done");
    expect(list.body).toMatchObject({ kind: "ThingList", apiVersion: "stable.example.com/v1", items: [{ kind: "Thing", apiVersion: "stable.example.com/v1", spec: { a: 3 } }] });
    expect((await request("DELETE", at)).body).toMatchObject({ status: "Success", details: { kind: "things", group: "stable.example.com" } });
    expect((await request("GET", at)).body).toMatchObject({ code: 404, message: 'things.stable.example.com "one" not found' });
  });

  it("are watched", async () => {
    await define({ plural: "watcheds" });
    const watch = await WatchReader.open(`${collection("watcheds")}?watch=1`);
    await request("POST", collection("watcheds"), { body: object("one", { a: 1 }) });
    expect(await watch.next()).toMatchObject({ type: "ADDED", object: { kind: "Watched", a: 1 } });
    await request("DELETE", `${collection("watcheds")}?labelSelector=`);
    expect(await watch.next()).toMatchObject({ type: "DELETED" });
    await watch.close();
  });

  it("go with their namespace, and with their owners", async () => {
    await define({ plural: "owners" });
    await request("POST", "/api/v1/namespaces", { body: object("leaving") });
    await request("POST", "/apis/stable.example.com/v1/namespaces/leaving/owners", { body: object("one") });
    const { body } = await request("POST", collection("owners"), { body: object("parent") });
    const owner = { apiVersion: "stable.example.com/v1", kind: "Owner", name: "parent", uid: body.metadata.uid };
    await request("POST", "/api/v1/namespaces/default/configmaps", { body: object("owned", { metadata: { name: "owned", ownerReferences: [owner] } }) });
    await request("DELETE", "/api/v1/namespaces/leaving");
    await eventually(async () => expect((await request("GET", "/api/v1/namespaces/leaving")).status).toBe(404));
    expect((await request("GET", "/apis/stable.example.com/v1/owners")).body.items).toHaveLength(1);
    await request("DELETE", `${collection("owners")}/parent`);
    await eventually(async () => expect((await request("GET", "/api/v1/namespaces/default/configmaps/owned")).status).toBe(404));
    await request("POST", "/api/v1/namespaces/default/configmaps", { body: object("orphan", { metadata: { name: "orphan", ownerReferences: [owner] } }) });
    await eventually(async () => expect((await request("GET", "/api/v1/namespaces/default/configmaps/orphan")).status).toBe(404));
  });
});

describe("a schema", () => {
  const schema = {
    type: "object",
    properties: {
      spec: {
        type: "object",
        required: ["size"],
        properties: {
          size: { type: "integer", minimum: 1, maximum: 10 },
          name: { type: "string", pattern: "^[a-z]+$", maxLength: 5 },
          when: { type: "string", format: "date-time" },
          color: { type: "string", enum: ["red", "blue"], default: "red" },
          port: { "x-kubernetes-int-or-string": true },
          free: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { known: { type: "object", properties: { a: { type: "string" } } } } },
          maybe: { type: "string", nullable: true },
          tags: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
          ports: { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"], items: { type: "object", required: ["port"], properties: { port: { type: "integer" }, protocol: { type: "string", default: "TCP" } } } },
          template: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
          either: { type: "object", properties: { a: { type: "string" }, b: { type: "string" } }, oneOf: [{ required: ["a"] }, { required: ["b"] }] },
        },
      },
    },
  };

  beforeAll(async () => {
    expect((await define({ plural: "shapes", schema })).status).toBe(201);
  });

  it.each<[string, object, string[]]>([
    ["a number too small", { size: 0 }, ["spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"]],
    ["nothing where something must be", {}, ["spec.size: Required value"]],
    ["another type", { size: "1" }, ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"']],
    ["a fraction", { size: 1.5 }, ['spec.size: Invalid value: "number": spec.size in body must be of type integer: "number"']],
    ["null", { size: 1, name: null }, ['spec.name: Invalid value: "null": spec.name in body must be of type string: "null"']],
    ["a text that does not match and is too long", { size: 1, name: "ABCDEF" }, ["spec.name: Too long: may not be more than 5 bytes", "spec.name: Invalid value: \"ABCDEF\": spec.name in body should match '^[a-z]+$'"]],
    ["no time", { size: 1, when: "today" }, ['spec.when: Invalid value: "today": spec.when in body must be of type date-time: "today"']],
    ["none of the values", { size: 1, color: "green" }, ['spec.color: Unsupported value: "green": supported values: "red", "blue"']],
    ["neither integer nor string", { size: 1, port: true }, ['spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"']],
    ["an item twice", { size: 1, tags: ["a", "a"] }, ['spec.tags[1]: Duplicate value: "a"']],
    ["a key twice", { size: 1, ports: [{ port: 1 }, { port: 1 }] }, ['spec.ports[1]: Duplicate value: {"port":1}']],
    ["an embedded object of no kind", { size: 1, template: { apiVersion: "v1" } }, ["spec.template.kind: Required value: must not be empty"]],
    ["two of one", { size: 1, either: { a: "x", b: "y" } }, ['<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives']],
  ])("refuses %s", async (_what, spec, causes) => {
    const answer = await request("POST", collection("shapes"), { body: object("x", { spec }) });
    expect(answer.status).toBe(422);
    expect(causesOf(answer)).toEqual(causes);
  });

  it("fills in defaults, drops what it does not know, and keeps what it shall", async () => {
    const spec = { size: 1, extra: 1, maybe: null, color: null, ports: [{ port: 1 }], free: { any: { thing: 1 }, known: { a: "x", b: 1 } }, template: { apiVersion: "v1", kind: "X", any: 1, metadata: { name: "n", bogus: 1 } } };
    const { body } = await request("POST", `${collection("shapes")}?fieldValidation=Ignore`, { body: object("kept", { spec, other: 1 }) });
    expect(body.spec).toEqual({ size: 1, maybe: null, color: "red", ports: [{ port: 1, protocol: "TCP" }], free: { any: { thing: 1 }, known: { a: "x" } }, template: { apiVersion: "v1", kind: "X", any: 1, metadata: { name: "n" } } });
    expect(body["other"]).toBeUndefined();
  });

  it("names what it does not know, as strictly as it is asked to", async () => {
    const body = object("strict", { metadata: { name: "strict", bogus: 1 }, spec: { size: 1, extra: 1, ports: [{ port: 1, more: 1 }] } });
    const strict = await request("POST", `${collection("shapes")}?fieldValidation=Strict`, { body });
    expect(strict.body).toMatchObject({ code: 400, message: 'Shape in version "v1" cannot be handled as a Shape: strict decoding error: unknown field "metadata.bogus", unknown field "spec.extra", unknown field "spec.ports[0].more"' });
    const warned = await request("POST", collection("shapes"), { body });
    expect(warned.status).toBe(201);
    expect(warned.headers.get("warning")).toContain('unknown field \\"spec.extra\\"');
  });

  it("becomes stricter, and leaves alone what an update does not touch", async () => {
    await define({ plural: "ratchets", schema: { type: "object", properties: { a: { type: "string" }, b: { type: "string" } } } });
    await request("POST", collection("ratchets"), { body: object("one", { a: "long" }) });
    const path = `${definitions}/ratchets.stable.example.com`;
    await request("PATCH", path, { type: "application/json-patch+json", body: [{ op: "add", path: "/spec/versions/0/schema/openAPIV3Schema/properties/a/maxLength", value: 2 }] });
    const patch = async (body: object) => await request("PATCH", `${collection("ratchets")}/one`, { type: "application/merge-patch+json", body });
    expect((await patch({ b: "x" })).status).toBe(200);
    expect(causesOf(await patch({ a: "longer" }))).toEqual(["a: Too long: may not be more than 2 bytes"]);
  });

  it("gets a default that objects which are there already show", async () => {
    await define({ plural: "latecomers", schema: { type: "object", properties: { a: { type: "string" } } } });
    await request("POST", collection("latecomers"), { body: object("one", { a: "x" }) });
    const properties = { a: { type: "string" }, b: { type: "string", default: "later" } };
    await request("PATCH", `${definitions}/latecomers.stable.example.com`, { type: "application/json-patch+json", body: [{ op: "replace", path: "/spec/versions/0/schema/openAPIV3Schema/properties", value: properties }] });
    expect((await request("GET", `${collection("latecomers")}/one`)).body["b"]).toBe("later");
    expect((await request("GET", collection("latecomers"))).body.items[0]?.["b"]).toBe("later");
  });
});

describe("server-side apply", () => {
  const apply = async (manager: string, body: object, force = false) =>
    await request("PATCH", `${collection("applieds")}/one?fieldManager=${manager}&force=${force}`, { type: "application/apply-patch+yaml", body: { apiVersion: "stable.example.com/v1", kind: "Applied", metadata: { name: "one" }, ...body } });

  beforeAll(async () => {
    const port = { type: "object", required: ["port"], properties: { port: { type: "integer" }, name: { type: "string" } } };
    const free = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const spec = { type: "object", properties: { a: { type: "integer" }, free, ports: { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"], items: port } } };
    await define({ plural: "applieds", kind: "Applied", schema: { type: "object", properties: { spec } } });
  });

  it("merges by the definition's lists, and knows whose is what", async () => {
    expect((await apply("one", { spec: { a: 1, ports: [{ port: 80, name: "x" }], free: { any: { thing: 1 } } } })).status).toBe(201);
    const second = await apply("two", { spec: { ports: [{ port: 443 }] } });
    expect(second.body.spec).toEqual({ a: 1, ports: [{ port: 80, name: "x" }, { port: 443 }], free: { any: { thing: 1 } } });
    const conflict = await apply("two", { spec: { a: 2, ports: [{ port: 443 }] } });
    expect(conflict.body).toMatchObject({ code: 409, details: { causes: [{ field: ".spec.a", message: 'conflict with "one"' }] } });
    expect((await apply("two", { spec: { a: 2 } }, true)).body.spec).toEqual({ a: 2, ports: [{ port: 80, name: "x" }], free: { any: { thing: 1 } } });
    expect((await apply("one", { spec: { ports: [{ port: 80, name: "x" }] } })).body.spec).toEqual({ a: 2, ports: [{ port: 80, name: "x" }] });
  });

  it("refuses what the schema does not declare", async () => {
    expect((await apply("one", { spec: { b: 1 } })).body).toMatchObject({ code: 400, message: expect.stringContaining(".spec.b: field not declared in schema") as string });
  });
});

describe("rules", () => {
  const rule = (text: string, rest: object = {}) => ({ rule: text, ...rest });
  const schema = {
    type: "object",
    properties: {
      spec: {
        type: "object",
        "x-kubernetes-validations": [
          rule("self.min <= self.max", { message: "min is above max" }),
          rule("!has(self.fixed) || !has(oldSelf.fixed) || self.fixed == oldSelf.fixed", { messageExpression: "'fixed is ' + oldSelf.fixed", reason: "FieldValueForbidden", fieldPath: ".fixed" }),
        ],
        properties: {
          min: { type: "integer" },
          max: { type: "integer" },
          fixed: { type: "string" },
          names: { type: "array", items: { type: "string", "x-kubernetes-validations": [rule("self.startsWith('a')")] } },
        },
      },
    },
    "x-kubernetes-validations": [rule("self.metadata.name != 'evil'")],
  };

  beforeAll(async () => {
    expect((await define({ plural: "ruleds", schema })).status).toBe(201);
  });

  it("are kept by new objects and by updates", async () => {
    const create = async (name: string, spec: object) => await request("POST", collection("ruleds"), { body: object(name, { spec: { min: 1, max: 2, ...spec } }) });
    expect(causesOf(await create("a", { min: 3 }))).toEqual(['spec: Invalid value: "object": min is above max']);
    expect(causesOf(await create("a", { names: ["ab", "b"] }))).toEqual(["spec.names[1]: Invalid value: \"string\": failed rule: self.startsWith('a')"]);
    expect(causesOf(await create("evil", {}))).toEqual(["<nil>: Invalid value: \"object\": failed rule: self.metadata.name != 'evil'"]);
    expect((await create("a", { fixed: "x" })).status).toBe(201);
    const changed = await request("PATCH", `${collection("ruleds")}/a`, { type: "application/merge-patch+json", body: { spec: { fixed: "y" } } });
    expect(causesOf(changed)).toEqual(["spec.fixed: Forbidden: fixed is x"]);
  });

  it("that are wrong are refused with the definition", async () => {
    const wrong = { type: "object", properties: { spec: { type: "object", properties: { a: { type: "string" } }, "x-kubernetes-validations": [rule("self.b == 'x'"), rule("self.a")] } } };
    const causes = causesOf(await define({ plural: "misruleds", schema: wrong }));
    expect(causes[0]).toContain("spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {\"rule\":\"self.b == 'x'\"}: compilation failed: ERROR: <input>:1:5: undefined field 'b'");
    expect(causes[1]).toContain("cel expression must evaluate to a bool");
  });
});

describe("versions", () => {
  const version = (name: string, storage: boolean, rest: object = {}) => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: "object", properties: { [name]: { type: "string", default: name }, both: { type: "string" } } } }, ...rest });

  it("show the same objects, each by its own schema", async () => {
    await define({ plural: "manies", kind: "Many", versions: [version("v1", true), version("v2beta1", false, { deprecated: true })] });
    await request("POST", collection("manies"), { body: object("one", { both: "x" }) });
    const beta = await request("GET", `${collection("manies", "v2beta1")}/one`);
    expect(beta.body).toMatchObject({ apiVersion: "stable.example.com/v2beta1", both: "x", v2beta1: "v2beta1" });
    expect(beta.body["v1"]).toBeUndefined();
    expect(beta.headers.get("warning")).toBe('299 - "stable.example.com/v2beta1 Many is deprecated"');
    const group = await request("GET", "/apis/stable.example.com");
    expect(group.body).toMatchObject({ preferredVersion: { version: "v1" }, versions: [{ version: "v1" }, { version: "v2beta1" }] });
  });

  it("that were stored stay named until nothing of them is left", async () => {
    await define({ plural: "movings", versions: [version("v1", true), version("v2", false)] });
    const path = `${definitions}/movings.stable.example.com`;
    const moved = await request("PATCH", path, { type: "application/json-patch+json", body: [{ op: "replace", path: "/spec/versions", value: [version("v1", false), version("v2", true)] }] });
    expect(moved.body.status).toMatchObject({ storedVersions: ["v1", "v2"] });
    const dropped = await request("PATCH", path, { type: "application/json-patch+json", body: [{ op: "replace", path: "/spec/versions", value: [version("v2", true)] }] });
    expect(causesOf(dropped)[0]).toContain('status.storedVersions[0]: Invalid value: "v1": missing from spec.versions');
    const migrated = await request("PATCH", `${path}/status`, { type: "application/merge-patch+json", body: { status: { storedVersions: ["v2"] } } });
    expect(migrated.body.status).toMatchObject({ storedVersions: ["v2"] });
  });
});

describe("what a version offers beyond its objects", () => {
  const path = collection("offers");

  beforeAll(async () => {
    const number = { type: "integer" };
    const schema = { type: "object", properties: { spec: { type: "object", properties: { replicas: number, color: { type: "string" } } }, status: { type: "object", properties: { replicas: number, selector: { type: "string" }, since: { type: "string" } } } } };
    const version = {
      subresources: { status: {}, scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".status.selector" } },
      selectableFields: [{ jsonPath: ".spec.color" }],
      additionalPrinterColumns: [{ name: "Replicas", type: "integer", jsonPath: ".spec.replicas" }, { name: "Color", type: "string", jsonPath: ".spec.color", priority: 1, description: "Its color" }, { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }],
    };
    await define({ plural: "offers", schema, version });
    await request("POST", path, { body: object("one", { spec: { replicas: 3, color: "red" } }) });
    await request("POST", path, { body: object("two", { spec: { replicas: 1, color: "blue" } }) });
  });

  it("is a scale", async () => {
    await request("PATCH", `${path}/one/status`, { type: "application/merge-patch+json", body: { status: { replicas: 2, selector: "a=b" } } });
    const { body } = await request("GET", `${path}/one/scale`);
    expect(body).toMatchObject({ kind: "Scale", apiVersion: "autoscaling/v1", spec: { replicas: 3 }, status: { replicas: 2, selector: "a=b" } });
    const scaled = await request("PUT", `${path}/one/scale`, { body: { ...body, spec: { replicas: 5 } } });
    expect(scaled.body.spec).toEqual({ replicas: 5 });
    const patched = await request("PATCH", `${path}/one/scale`, { type: "application/merge-patch+json", body: { spec: { replicas: 6 } } });
    expect(patched.body.spec).toEqual({ replicas: 6 });
    expect((await request("GET", `${path}/one`)).body).toMatchObject({ metadata: { generation: 3 }, spec: { replicas: 6, color: "red" }, status: { replicas: 2 } });
  });

  it("are fields to select by", async () => {
    expect((await request("GET", `${path}?fieldSelector=spec.color%3Dblue`)).body.items.map(({ metadata }) => metadata.name)).toEqual(["two"]);
    expect((await request("GET", `${path}?fieldSelector=spec.replicas%3D1`)).body).toMatchObject({ code: 400, message: "field label not supported: spec.replicas" });
  });

  it("are columns", async () => {
    const { body } = await request("GET", `${path}/two`, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" });
    expect(body["columnDefinitions"]).toMatchObject([{ name: "Name", format: "name" }, { name: "Replicas", type: "integer" }, { name: "Color", priority: 1, description: "Its color" }, { name: "Age", type: "date" }]);
    expect((body["rows"] as { cells: unknown[] }[])[0]?.cells.slice(0, 3)).toEqual(["two", 1, "blue"]);
  });

  it("is told by discovery and OpenAPI", async () => {
    const list = await request("GET", "/apis/stable.example.com/v1");
    expect((list.body["resources"] as Json[]).map(({ name }) => name)).toEqual(expect.arrayContaining(["offers", "offers/scale", "offers/status"]));
    const index = await request("GET", "/openapi/v3");
    expect((index.body["paths"] as Record<string, unknown>)["apis/stable.example.com/v1"]).toBeDefined();
    const document = await request("GET", "/openapi/v3/apis/stable.example.com/v1");
    expect(document.body).toMatchObject({ components: { schemas: { "com.example.stable.v1.Offer": { properties: { spec: { properties: { color: { type: "string" } } } }, "x-kubernetes-group-version-kind": [{ group: "stable.example.com", version: "v1", kind: "Offer" }] } } } });
    const { patch } = (document.body["paths"] as Record<string, { patch: { requestBody: { content: object } } }>)["/apis/stable.example.com/v1/namespaces/{namespace}/offers/{name}"]!;
    expect(Object.keys(patch.requestBody.content)).toEqual(["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]);
    const swagger = await request("GET", "/openapi/v2");
    expect(Object.keys(swagger.body["definitions"] as object)).toContain("com.example.stable.v1.Offer");
    expect((await request("GET", "/openapi/v2", { accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf" })).status).toBe(200);
  });
});
