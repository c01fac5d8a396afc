/** What holds for every kind, shown with one sample of each. */
import { describe, expect, it } from "vitest";
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { planner } from "../registry/planner.ts";
import { objectOf, servedAs, textOf } from "../registry/text.ts";
import { decode } from "./decode.ts";
import { resources } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { sampleNamespace, sampleOf } from "./samples.ts";
import { typeSchema, type Field } from "./schema.ts";
import { applyStatedDefaults } from "./stated-rules.ts";
import { context } from "./testing.ts";

/** Reviews are answered and not kept. */
const kept = resources.filter(({ isStored }) => isStored !== false);
const kinds = kept.map((resource) => [`${resource.group}/${resource.version} ${resource.kind}`, resource] as const);
const storedKindOf = (resource: Resource): Resource => resource.conversion?.stored ?? resource;

/** As a client's create reaches the planner. */
function received(resource: Resource, object: KubernetesObject): KubernetesObject {
  const decoded = decode<KubernetesObject>(resource.schema, object);
  if (!decoded.ok) throw new Error(decoded.message);
  expect(decoded.unknownFields).toEqual([]);
  const own = resource.conversion?.toStored(decoded.object) ?? decoded.object;
  return { ...own, metadata: { ...own.metadata, ...(resource.isNamespaced ? { namespace: sampleNamespace } : {}) } };
}

function create(resource: Resource, object: KubernetesObject): Stored<KubernetesObject> {
  const planned = planner.create(storedKindOf(resource), received(resource, object), context);
  // What was planned is complete but for the revision that the store gives it.
  return { ...planned.object, metadata: { ...planned.object.metadata, resourceVersion: "1" } } as Stored<KubernetesObject>;
}

function update(resource: Resource, current: Stored<KubernetesObject>, next: KubernetesObject, subresource?: string): KubernetesObject | undefined {
  const asked = { resource: storedKindOf(resource), current, next, context };
  return planner.update(subresource === undefined ? asked : { ...asked, subresource })?.object;
}

describe.each(kinds)("%s", (_, resource) => {
  it("is created from its sample, and an update to the same changes nothing", () => {
    const stored = create(resource, sampleOf(resource).object);
    expect(update(resource, stored, structuredClone(stored))).toBeUndefined();
    if (!keepsWhatWasAdded.has(resource.kind)) expect(update(resource, stored, received(resource, sampleOf(resource).object))).toBeUndefined();
  });

  it("is the same when it was stored, read and decoded again", () => {
    const stored = create(resource, sampleOf(resource).object);
    const read = objectOf(storedKindOf(resource), { text: textOf(structuredClone(stored)), revision: 1 });
    expect(read).toEqual(JSON.parse(JSON.stringify(stored)));
    const served = servedAs(resource, read);
    const decoded = decode<KubernetesObject>(resource.schema, structuredClone(served));
    expect(decoded).toEqual({ ok: true, object: served, unknownFields: [] });
  });

  it("takes no status from a create, and only the status from whoever writes that", () => {
    const { object, status } = sampleOf(resource);
    expect(status === undefined).toBe(resource.subresources.status === undefined);
    if (status === undefined) return;
    const plain = create(resource, object);
    if (resource.kind !== "Node") expect(create(resource, { ...object, status })["status"]).toEqual(plain["status"]);
    const next = { ...structuredClone(plain), status: structuredClone(status), spec: {}, metadata: { ...plain.metadata, labels: { a: "b" } } };
    const written = update(resource, plain, next, "status");
    expect(written).toMatchObject({ status });
    expect(written?.["spec"]).toEqual(plain["spec"]);
  });

  it("keeps its status when it is updated itself", () => {
    const { object, status } = sampleOf(resource);
    const stored: Stored<KubernetesObject> = { ...create(resource, object), ...(status === undefined ? {} : { status }) };
    const next: KubernetesObject = { ...structuredClone(stored), metadata: { ...stored.metadata, annotations: { a: "b" } } };
    if (status !== undefined) next["status"] = {};
    expect(update(resource, stored, next)?.["status"]).toEqual(stored["status"]);
  });

  it("says which required field is missing", () => {
    const { object } = sampleOf(resource);
    for (const { path, without } of withoutRequired(resource, object)) {
      if (mayBeAbsent.has(`${resource.kind} ${path}`)) continue;
      expect(fieldsRefused(resource, without), `without ${path}`).toContainEqual(expect.stringMatching(prefixOf(path)));
    }
  });

  it("has a cell for every column, even of a bare object", () => {
    const bare = { metadata: { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" } };
    applyStatedDefaults(resource, bare);
    const full = servedAs(resource, { ...create(resource, sampleOf(resource).object), status: sampleOf(resource).status });
    for (const object of [bare, full]) {
      for (const { name, cell } of resource.columns) expect(["string", "number", "boolean"], name).toContain(typeof cell(object, context.now));
    }
  });
});

/** Tolerations, a selector and finalizers were added when these were created: the sample lacks them, and some may not be taken away. */
const keepsWhatWasAdded = new Set(["Job", "Pod", "PersistentVolume", "PersistentVolumeClaim"]);

/** Required fields that have a default, or whose zero value means something: leaving them out is no error. */
const mayBeAbsent = new Set([
  "ClusterRoleBinding roleRef.apiGroup",
  "CSIDriver spec",
  "CSIDriver spec.tokenRequests[0].audience",
  "ControllerRevision revision",
  "CustomResourceDefinition spec.versions[0].served",
  "CustomResourceDefinition spec.versions[0].storage",
  "DeviceClass spec",
  "EndpointSlice endpoints",
  "PriorityClass value",
  "ResourceClaim spec",
  "ResourceClaimTemplate spec",
  "ResourceClaimTemplate spec.spec",
  "ResourceSlice spec.pool.generation",
  "RoleBinding roleRef.apiGroup",
]);

/** Anything at, above or below the path will do: a list that is missing may be reported as a whole. */
function prefixOf(path: string): RegExp {
  const parts = path.split(".").map((part) => part.replace(/[[\]]/g, "\\$&"));
  return new RegExp(`^${parts.join("\\.")}|^${parts.slice(0, -1).join("\\.")}$`);
}

function fieldsRefused(resource: Resource, object: KubernetesObject): string[] {
  try {
    create(resource, object);
    return [];
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return error.status.details?.causes?.map(({ field }) => field ?? "") ?? [];
  }
}

/** The object without each one of its required fields, at any depth. */
function withoutRequired(resource: Resource, object: KubernetesObject): { path: string; without: KubernetesObject }[] {
  return requiredPaths({ r: resource.schema }, object, []).map((path) => {
    const without = structuredClone(object);
    let parent: unknown = without;
    for (const step of path.slice(0, -1)) parent = (parent as Record<string, unknown>)[step];
    delete (parent as Record<string, unknown>)[path.at(-1) ?? ""];
    return { path: pathText(path), without };
  });
}

function requiredPaths(field: Field, value: unknown, path: string[]): string[][] {
  if (Array.isArray(value)) return value.flatMap((item, at) => requiredPaths(field.a ?? {}, item, [...path, String(at)]));
  if (!isRecord(value)) return [];
  if (field.m !== undefined) return Object.entries(value).flatMap(([key, item]) => requiredPaths(field.m ?? {}, item, [...path, key]));
  if (field.r === undefined) return [];
  const { f = {}, q = [] } = typeSchema(field.r);
  const own = q.filter((name) => name in value).map((name) => [...path, name]);
  return [...own, ...Object.entries(value).flatMap(([name, item]) => (f[name] === undefined ? [] : requiredPaths(f[name], item, [...path, name])))];
}

/** `spec.containers[0].name` */
function pathText(path: string[]): string {
  return path.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join("").slice(1);
}
