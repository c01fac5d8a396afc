/**
 * Whatever a client sends, to whatever route: never a 500, and every refusal is a Status (or, for paths that are
 * nobody's, plain text as upstream). Bounded; a failure prints its seed.
 */
import fc from "fast-check";
import { parse } from "yaml";
import { beforeAll, expect, test } from "vitest";
import { decodeProtobuf } from "../../../worker/http/protobuf/decode.ts";
import { resources } from "../../../worker/resources/registry.ts";
import type { Resource } from "../../../worker/resources/resource.ts";
import { typeSchema, type Field } from "../../../worker/resources/schema.ts";
import { namespace, prepare, send, type CallOptions } from "./api.ts";

const runs = 250;

beforeAll(async () => {
  await prepare();
  await namespace("fuzz");
  await Promise.all(resources.map(async (resource) => {
    await send("POST", collectionOf(resource), { body: { metadata: { name: "known" }, ...bodies[resource.kind] } });
  }));
});

/** What some kinds cannot do without. */
const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i:1" }] } };
const bodies: Record<string, object> = {
  Pod: { spec: template.spec },
  Service: { spec: { ports: [{ port: 80 }], selector: { a: "b" } } },
  Deployment: { spec: { selector: { matchLabels: { a: "b" } }, template } },
  ReplicaSet: { spec: { selector: { matchLabels: { a: "b" } }, template } },
  StatefulSet: { spec: { serviceName: "s", selector: { matchLabels: { a: "b" } }, template } },
  ControllerRevision: { revision: 1, data: {} },
  EndpointSlice: { addressType: "IPv4", endpoints: [] },
  Event: { involvedObject: { namespace: "fuzz" } },
  PriorityClass: { value: 1 },
};

function collectionOf({ group, version, plural, isNamespaced }: Resource): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${isNamespaced ? "/namespaces/fuzz" : ""}/${plural}`;
}

interface Shot {
  method: string;
  path: string;
  options: CallOptions;
}

async function isAnswered({ method, path, options }: Shot): Promise<void> {
  const answer = await send(method, path, options);
  const isStream = answer.status === 200 && path.includes("watch");
  if (isStream) return await answer.body?.cancel();
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  const shown = `${method} ${path} → ${answer.status} ${text.slice(0, 300)}`;
  expect(answer.status, shown).toBeLessThan(500);
  if (answer.status < 400 || method === "HEAD" || text === "404 page not found\n") return;
  const status = statusIn(answer.headers.get("content-type") ?? "", bytes, text);
  expect(status, shown).toMatchObject({ kind: "Status", apiVersion: "v1", status: "Failure", code: answer.status, message: expect.any(String) as string });
}

function statusIn(type: string, bytes: Uint8Array, text: string): unknown {
  if (type === "application/vnd.kubernetes.protobuf") return decodeProtobuf(bytes);
  return type === "application/yaml" ? parse(text) : JSON.parse(text);
}

// --- what is sent

const strange = fc.constantFrom<unknown>(
  null, true, 0, -1, 1.5, 1e21, 2 ** 53, "", " ", "x", "None", "-1", "1Gi", "9".repeat(40), "\u0000", "ü", "../..", "a/b/c", "%", "{}",
  "2026-01-01T00:00:00Z", "10.96.0.1", "constructor", "__proto__", [], [null], [[]], {}, { constructor: 1 }, { "": "" }, "x".repeat(300),
);

function valueOf(field: Field, depth: number): fc.Arbitrary<unknown> {
  const fitting = fittingValue(field, depth);
  return fc.oneof({ arbitrary: fitting, weight: 12 }, { arbitrary: strange, weight: 1 });
}

function fittingValue(field: Field, depth: number): fc.Arbitrary<unknown> {
  if (field.a !== undefined) return fc.array(valueOf(field.a, depth - 1), { maxLength: 3 });
  if (field.m !== undefined) return fc.dictionary(fc.constantFrom("a", "kubernetes.io/x", "cpu", "__proto__", "b c", ""), valueOf(field.m, depth - 1), { maxKeys: 2 });
  if (field.r !== undefined) return objectOf(field.r, depth - 1);
  switch (field.t) {
    case "int32": case "int64": case "number": return fc.constantFrom(0, 1, 2, 80, 70_000, -5);
    case "bool": return fc.boolean();
    case "quantity": return fc.constantFrom("1", "100m", "1Gi", "1e3", 5, "-1");
    case "int-or-string": return fc.constantFrom(0, 1, "25%", "http", "200%");
    case "time": case "micro-time": return fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456Z");
    case "bytes": return fc.constantFrom("", "YQ==", "?");
    default: return fc.constantFrom("a", "b", "known", "fuzz", "TCP", "Always", "ClusterIP", "Exists", "In", "10.96.0.9", "a.b/c");
  }
}

function objectOf(schema: string, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(typeSchema(schema).f ?? {});
  if (depth <= 0 || fields.length === 0) return fc.constant({});
  return fc
    .subarray(fields, { maxLength: Math.min(5, fields.length) })
    .chain((some) => fc.record(Object.fromEntries(some.map(([name, field]) => [name, valueOf(field, depth - 1)]))));
}

const body = (resource: Resource): fc.Arbitrary<unknown> =>
  fc.tuple(objectOf(resource.schema, 8), fc.boolean()).map(([object, isCompleted]) =>
    isCompleted && typeof object === "object" ? { ...bodies[resource.kind], ...object, metadata: { generateName: "f-" } } : object);

const parameter = fc.tuple(
  fc.constantFrom(
    "limit", "continue", "resourceVersion", "resourceVersionMatch", "labelSelector", "fieldSelector", "dryRun", "fieldValidation", "fieldManager",
    "force", "gracePeriodSeconds", "propagationPolicy", "orphanDependents", "pretty", "includeObject", "timeoutSeconds", "sendInitialEvents",
  ),
  fc.constantFrom(
    "", "0", "1", "-1", "1.5", "99999999999999999999", "All", "Strict", "Exact", "NotOlderThan", "true", "false", "a=b", "a in (b,c)", "a!=b,!c", "a in (", "=", "metadata.name=x",
    "metadata.name!=known", "status.phase=Running", "x=y", "Foreground", "%00", "eyJ2IjoieCJ9", "None", "\u00fc",
  ),
);
const query = fc.array(parameter, { maxLength: 3 }).map((pairs) => (pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`));

const patchOperation = fc.record({
  op: fc.constantFrom<unknown>("add", "remove", "replace", "move", "copy", "test", "x", 1),
  path: fc.constantFrom<unknown>("", "/", "/metadata/labels", "/spec", "/spec/replicas", "/metadata/labels/a~1b", "/spec/containers/0/image", "/spec/containers/-", "/__proto__/x", "/metadata/name", 3),
  from: fc.constantFrom("/spec", "/metadata", "/nowhere"),
  value: strange,
}, { requiredKeys: ["op", "path"] });

const directives = fc.record({
  metadata: fc.record({ labels: fc.dictionary(fc.constantFrom("a", "$patch", "$retainKeys"), strange, { maxKeys: 2 }), finalizers: strange }, { requiredKeys: [] }),
  spec: fc.oneof(strange, fc.record({
    $patch: fc.constantFrom<unknown>("replace", "delete", "merge", "x", 1),
    $retainKeys: fc.constantFrom<unknown>([], ["replicas"], "x"),
    containers: fc.array(fc.record({ name: strange, $patch: fc.constantFrom("delete", "replace"), ports: strange }, { requiredKeys: [] }), { maxLength: 2 }),
    "$setElementOrder/containers": strange,
    "$deleteFromPrimitiveList/finalizers": strange,
    template: strange,
  }, { requiredKeys: [] })),
}, { requiredKeys: [] });

const anyResource = fc.constantFrom(...resources);

const write: fc.Arbitrary<Shot> = anyResource.chain((resource) =>
  fc.tuple(fc.constantFrom("POST", "PUT"), body(resource), query).map(([method, object, search]) => ({
    method,
    path: `${collectionOf(resource)}${method === "PUT" ? "/known" : ""}${search}`,
    options: { body: object },
  })));

const patchShot: fc.Arbitrary<Shot> = anyResource.chain((resource) => {
  const jsonPatch = fc.oneof(fc.array(patchOperation, { maxLength: 3 }), strange);
  const merge = fc.oneof(objectOf(resource.schema, 6), directives, strange);
  const typed = fc.oneof(
    fc.tuple(fc.constant("application/json-patch+json"), jsonPatch),
    fc.tuple(fc.constantFrom("application/merge-patch+json", "application/strategic-merge-patch+json"), merge),
    fc.tuple(fc.constantFrom("application/apply-patch+yaml", "text/plain", ""), merge),
  );
  return fc.tuple(typed, query, fc.constantFrom("", "/status", "/scale", "/nothing")).map(([[type, value], search, subresource]) => ({
    method: "PATCH",
    path: `${collectionOf(resource)}/known${subresource}${search}`,
    options: { body: value, type },
  }));
});

const applyShot: fc.Arbitrary<Shot> = anyResource.chain((resource) => {
  const { group, version, kind } = resource;
  const about = { apiVersion: group === "" ? version : `${group}/${version}`, kind };
  const config = objectOf(resource.schema, 8).map((object) => ({ ...bodies[kind], ...(object as object), ...about, metadata: { name: "known" } }));
  const yaml = fc.constantFrom("a: [", "- x", "a: 1\na: 2", "&a [*a]", "x: &a [*a, *a]", "[".repeat(5_000), "", "\u0000", "? a\n: b", `${JSON.stringify(about).slice(0, -1)}, "metadata": {"name": "known"}}`);
  return fc
    .tuple(fc.oneof(config, strange), yaml, fc.boolean(), fc.constantFrom("&force=true", "&fieldValidation=Strict", "&dryRun=All"), fc.constantFrom("", "/status", "/scale"))
    .map(([value, text, isYaml, search, subresource]) => ({
      method: "PATCH",
      path: `${collectionOf(resource)}/known${subresource}?fieldManager=fuzz${search}`,
      options: { type: "application/apply-patch+yaml", ...(isYaml ? { text } : { body: value }) },
    }));
});

const fields: fc.Arbitrary<unknown> = fc.letrec<{ set: unknown }>((tie) => ({
  set: fc.oneof(
    { depthSize: "small" },
    strange,
    fc.dictionary(fc.constantFrom("f:metadata", "f:labels", "f:a", "f:__proto__", "__proto__", ".", "k:{\"name\":\"c\"}", "k:", "k:[]", "v:1", "v:", "i:0", "i:x", "x:y", "f:"), tie("set"), { maxKeys: 3 }),
  ),
})).set;

const managedFieldsShot: fc.Arbitrary<Shot> = fc
  .tuple(
    anyResource,
    fc.oneof(strange, fc.array(fc.oneof(strange, fc.record({
      manager: fc.constantFrom("m", "n"),
      operation: fc.constantFrom("Apply", "Update", "x"),
      apiVersion: fc.constantFrom("v1", "apps/v1", ""),
      fieldsType: fc.constantFrom("FieldsV1", "FieldsV2"),
      fieldsV1: fields,
      time: fc.constantFrom("2026-01-01T00:00:00Z", "x"),
    }, { requiredKeys: [] })), { maxLength: 3 })),
    fc.constantFrom("a", "b"),
  )
  .map(([resource, managedFields, value]) => ({
    method: "PATCH",
    path: `${collectionOf(resource)}/known`,
    options: { body: { metadata: { managedFields, labels: { value } } }, type: "application/merge-patch+json" },
  }));

const subresourceShot: fc.Arbitrary<Shot> = fc
  .tuple(
    fc.constantFrom("POST", "PUT", "GET", "DELETE", "PATCH"),
    fc.constantFrom("pods/known/binding", "pods/known/eviction", "pods/known/status", "pods/known/ephemeralcontainers", "pods/known/log", "pods/known/exec", "services/known/status", "services/known/proxy", "bindings"),
    fc.oneof(strange, fc.record({ target: strange, deleteOptions: strange, spec: strange, metadata: strange, status: strange }, { requiredKeys: [] })),
    query,
  )
  .map(([method, path, value, search]) => ({ method, path: `/api/v1/namespaces/fuzz/${path}${search}`, options: method === "GET" ? {} : { body: value } }));

const scaleShot: fc.Arbitrary<Shot> = fc
  .tuple(fc.constantFrom("PUT", "PATCH"), fc.oneof(strange, fc.record({ spec: fc.oneof(strange, fc.record({ replicas: strange })), metadata: strange }, { requiredKeys: [] })))
  .map(([method, value]) => ({ method, path: "/apis/apps/v1/namespaces/fuzz/deployments/known/scale", options: { body: value, type: method === "PATCH" ? "application/merge-patch+json" : "application/json" } }));

const readShot: fc.Arbitrary<Shot> = anyResource.chain((resource) =>
  fc
    .tuple(
      fc.constantFrom("GET", "HEAD", "DELETE", "OPTIONS", "TRACE"),
      fc.constantFrom("", "/known", "/absent", "/a%2Fb", "/%E0%A4%A", "/known/status", "/known/x/y", "//"),
      query,
      fc.constantFrom("application/json", "application/yaml", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf", "x", "*/*", ";;,"),
    )
    .map(([method, rest, search, accept]) => ({
      // The collection itself is kept: the other shots need what is there.
      method: method === "TRACE" || (method === "DELETE" && rest !== "/absent") ? "GET" : method,
      path: `${collectionOf(resource)}${rest}${search}`,
      options: { accept },
    })));

const rawShot: fc.Arbitrary<Shot> = fc
  .tuple(
    anyResource,
    fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.constantFrom("[".repeat(20_000), '{"a":'.repeat(20_000), "&a [*a]", "a: *b", "- - - -", "k8s\u0000", "\ufeff{}", '{"metadata":{"name":"x"},"metadata":{}}')),
    fc.constantFrom("application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/x", ""),
  )
  .map(([resource, text, type]) => ({ method: "POST", path: collectionOf(resource), options: { text, type } }));

const pathShot: fc.Arbitrary<Shot> = fc
  .tuple(
    fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH"),
    fc.array(fc.constantFrom("api", "apis", "v1", "apps", "namespaces", "fuzz", "pods", "known", "status", "openapi", "v2", "v3", "kedge", "nodes", "x", "%2e%2e", "%00", "", "events.k8s.io", "watch", "proxy", "metrics", "version", "healthz"), { maxLength: 7 }),
  )
  .map(([method, parts]) => ({ method, path: `/${parts.join("/")}`, options: {} }));

test.each<[string, fc.Arbitrary<Shot>]>([
  ["objects to create and to replace", write],
  ["patches of every kind", patchShot],
  ["configurations to apply", applyShot],
  ["managed fields", managedFieldsShot],
  ["subresources", subresourceShot],
  ["scales", scaleShot],
  ["reads in every form", readShot],
  ["bodies that are no objects", rawShot],
  ["paths", pathShot],
])("%s never make it fail", { timeout: 120_000 }, async (_what, shots) => {
  await fc.assert(fc.asyncProperty(shots, isAnswered), { numRuns: runs, endOnFailure: false });
});
