/** The compact schemas as OpenAPI v3 component schemas, with Kubernetes' extensions. */
import type { Resource } from "../resources/resource.ts";
import { typeSchema, type Field, type Scalar, type TypeSchema } from "../resources/schema.ts";
import type { JsonSchema as CustomSchema } from "../resources/custom/json-schema.ts";
import type { Descriptions } from "./descriptions.ts";

export type JsonSchema = Record<string, unknown>;

export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
export const patchType = `${meta}.Patch`;
export const deleteOptionsType = `${meta}.DeleteOptions`;
export const statusType = `${meta}.Status`;

/** Scalars that are components of their own in the published documents. */
const scalarTypes: Partial<Record<Scalar, { name: string; schema: JsonSchema }>> = {
  quantity: { name: "io.k8s.apimachinery.pkg.api.resource.Quantity", schema: { oneOf: [{ type: "string" }, { type: "number" }] } },
  "int-or-string": {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    schema: { oneOf: [{ type: "integer" }, { type: "string" }], format: "int-or-string" },
  },
  time: { name: `${meta}.Time`, schema: { type: "string", format: "date-time" } },
  "micro-time": { name: `${meta}.MicroTime`, schema: { type: "string", format: "date-time" } },
};

const plainScalars: Partial<Record<Scalar, JsonSchema>> = {
  string: { type: "string" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  number: { type: "number", format: "double" },
  bool: { type: "boolean" },
  bytes: { type: "string", format: "byte" },
  any: { type: "object" },
};

export const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** `io.k8s.api.core.v1.Pod` → `io.k8s.api.core.v1.PodList` */
export const listTypeOf = (resource: Resource): string => resource.schema.replace(/[^.]+$/, resource.listKind);

/** Everything that the resources of one group and version refer to, by name, in order. */
export function componentSchemas(
  resources: Resource[],
  otherTypes: Map<string, GroupVersionKind>,
  descriptions: Descriptions = {},
): Record<string, JsonSchema> {
  const schemas = new Map<string, JsonSchema>([[patchType, { type: "object" }]]);
  const pending = [...otherTypes.keys(), `${meta}.ListMeta`, ...resources.map(({ schema }) => schema)];
  const kinds = new Map(otherTypes);
  for (const resource of resources) {
    kinds.set(resource.schema, { group: resource.group, version: resource.version, kind: resource.kind });
    if (resource.verbs.includes("list")) schemas.set(listTypeOf(resource), listSchema(resource));
  }
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (schemas.has(name)) continue;
    const kind = kinds.get(name);
    const custom = resources.find((resource) => resource.schema === name)?.custom;
    if (custom !== undefined) {
      schemas.set(name, { ...customSchema(custom.schema), "x-kubernetes-group-version-kind": [kind] });
      pending.push(`${meta}.ObjectMeta`);
      continue;
    }
    const type = typeSchema(name);
    schemas.set(name, { ...objectSchema(type, textsOf(name, type, descriptions)), ...(kind === undefined ? {} : { "x-kubernetes-group-version-kind": [kind] }) });
    for (const field of Object.values(type.f ?? {})) collect(field, pending, schemas);
  }
  return Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the schemas of these kinds are made from, as a text: for a hash of it. */
export function factsOf(resources: Resource[]): string {
  const seen = new Set<string>();
  const custom = resources.flatMap((one) => (one.custom === undefined ? [] : [one.custom.schema]));
  const pending = resources.filter((one) => one.custom === undefined).map(({ schema }) => schema);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const field of Object.values(typeSchema(name).f ?? {})) collect(field, pending, new Map());
  }
  return JSON.stringify([[...seen].sort().map((name) => [name, typeSchema(name)]), custom]);
}

/** As its definition says it, with what every object has. */
function customSchema(schema: CustomSchema): JsonSchema {
  const { properties, ...rest } = schema;
  const text = { type: "string" };
  return {
    ...rest,
    type: "object",
    properties: { apiVersion: text, kind: text, ...properties, metadata: { allOf: [reference(`${meta}.ObjectMeta`)] } },
  };
}

function collect(field: Field, pending: string[], schemas: Map<string, JsonSchema>): void {
  if (field.r !== undefined) pending.push(field.r);
  const scalar = field.t === undefined ? undefined : scalarTypes[field.t];
  if (scalar !== undefined) schemas.set(scalar.name, scalar.schema);
  for (const inner of [field.a, field.m]) if (inner !== undefined) collect(inner, pending, schemas);
}

function listSchema(resource: Resource): JsonSchema {
  return {
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: { type: "string" },
      items: { type: "array", items: { allOf: [reference(resource.schema)], default: {} } },
      kind: { type: "string" },
      metadata: { allOf: [reference(`${meta}.ListMeta`)], default: {} },
    },
    "x-kubernetes-group-version-kind": [{ group: resource.group, version: resource.version, kind: resource.listKind }],
  };
}

/** A field that only refers to a type, and of which nothing is said, is described as that type. */
function textsOf(name: string, type: TypeSchema, descriptions: Descriptions): Descriptions[string] {
  const [own, texts] = descriptions[name] ?? ["", {}];
  const references = Object.entries(type.f ?? {}).flatMap(([field, { r }]) => (r === undefined ? [] : [[field, descriptions[r]?.[0] ?? ""] as const]));
  return [own, { ...Object.fromEntries(references), ...texts }];
}

function objectSchema(type: TypeSchema, [own, texts]: Descriptions[string]): JsonSchema {
  const about = described(own);
  if (type.f === undefined) return { type: "object", ...about };
  const properties = Object.fromEntries(
    Object.entries(type.f).map(([name, field]) => [name, { ...described(texts[name]), ...fieldSchema(field) }]),
  );
  return {
    type: "object",
    ...about,
    properties,
    ...(type.q === undefined ? {} : { required: type.q }),
    ...(type.x === undefined ? {} : { "x-kubernetes-map-type": type.x }),
  };
}

const described = (text = ""): JsonSchema => (text === "" ? {} : { description: text });

function fieldSchema(field: Field): JsonSchema {
  return {
    ...shapeOf(field),
    ...(field.d === undefined ? {} : { default: field.d }),
    ...(field.l === undefined ? {} : { "x-kubernetes-list-type": field.l }),
    ...(field.k === undefined ? {} : { "x-kubernetes-list-map-keys": field.k }),
    ...(field.s === undefined ? {} : { "x-kubernetes-patch-strategy": field.s }),
    ...(field.mk === undefined ? {} : { "x-kubernetes-patch-merge-key": field.mk }),
    ...(field.x === undefined ? {} : { "x-kubernetes-map-type": field.x }),
  };
}

/** References stand in `allOf`, because a `$ref` may have no siblings. */
function shapeOf(field: Field): JsonSchema {
  if (field.r !== undefined) return { allOf: [reference(field.r)] };
  if (field.a !== undefined) return { type: "array", items: fieldSchema(field.a) };
  if (field.m !== undefined) return { type: "object", additionalProperties: fieldSchema(field.m) };
  const scalar = field.t ?? "any";
  const named = scalarTypes[scalar];
  return named === undefined ? (plainScalars[scalar] ?? {}) : { allOf: [reference(named.name)] };
}
