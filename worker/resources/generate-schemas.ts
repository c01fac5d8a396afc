/**
 * Derives the compact schemas of every generally available kind (version v1 of each group, and autoscaling/v2), and of
 * those that are served before they are one, from Kubernetes' published OpenAPI v3 documents:
 *
 *     node worker/resources/generate-schemas.ts <folder of OpenAPI documents>
 *
 * Facts only: names, types, formats, required fields, stated defaults, list and patch semantics. No description text.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Field, TypeSchema } from "./schema.ts";

interface OpenApiSchema {
  type?: string;
  format?: string;
  $ref?: string;
  allOf?: OpenApiSchema[];
  oneOf?: OpenApiSchema[];
  items?: OpenApiSchema;
  properties?: Record<string, OpenApiSchema>;
  additionalProperties?: OpenApiSchema | boolean;
  required?: string[];
  default?: unknown;
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-map-type"?: "atomic" | "granular";
  "x-kubernetes-patch-strategy"?: string;
  "x-kubernetes-patch-merge-key"?: string;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}

const prefix = "#/components/schemas/";

/** A group's generally available version (`api__v1`, `apis__apps__v1`, `apis__autoscaling__v2`), and MutatingAdmissionPolicies' beta. */
const isServed = (file: string): boolean => /__v\d+\.json$|^apis__admissionregistration\.k8s\.io__v1beta1\.json$/.test(file);

/** Lists are written by the server alone, from their items. */
const isKind = (schema: OpenApiSchema): boolean =>
  schema["x-kubernetes-group-version-kind"] !== undefined && schema.properties?.["items"] === undefined;

/** Types of no kind of their own that are served all the same. */
const extraTypes = ["io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"];

/** Scalars with a format of their own, by the type's last name. */
const scalars: Record<string, Field> = {
  Quantity: { t: "quantity" },
  IntOrString: { t: "int-or-string" },
  Time: { t: "time" },
  MicroTime: { t: "micro-time" },
  // Any JSON, or a schema among other things: kept as it is, as upstream's own decoders of these.
  JSON: { t: "any" },
  JSONSchemaPropsOrArray: { t: "any" },
  JSONSchemaPropsOrBool: { t: "any" },
  JSONSchemaPropsOrStringArray: { t: "any" },
};

function readSchemas(folder: string): Map<string, OpenApiSchema> {
  const schemas = new Map<string, OpenApiSchema>();
  for (const file of readdirSync(folder).filter(isServed)) {
    // The published documents have this shape.
    const document = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
      components?: { schemas?: Record<string, OpenApiSchema> };
    };
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) schemas.set(name, schema);
  }
  return schemas;
}

function fieldOf(schema: OpenApiSchema): Field {
  const only = schema.allOf?.[0];
  const field: Field = only === undefined ? shapeOf(schema) : shapeOf(only);
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"];
  const strategy = schema["x-kubernetes-patch-strategy"];
  const mergeKey = schema["x-kubernetes-patch-merge-key"];
  return {
    ...field,
    ...(schema.default === undefined ? {} : { d: schema.default }),
    ...(listType === undefined ? {} : { l: listType }),
    ...(keys === undefined ? {} : { k: keys }),
    ...(strategy === undefined ? {} : { s: strategy }),
    ...(mergeKey === undefined ? {} : { mk: mergeKey }),
    ...(schema["x-kubernetes-map-type"] === "atomic" ? { x: "atomic" as const } : {}),
  };
}

function shapeOf(schema: OpenApiSchema): Field {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(prefix.length);
    return { ...(scalars[name.split(".").at(-1) ?? ""] ?? { r: name }) };
  }
  if (schema.type === "array") return { a: fieldOf(schema.items ?? {}) };
  if (typeof schema.additionalProperties === "object") return { m: fieldOf(schema.additionalProperties) };
  if (schema.type === "integer") return { t: schema.format === "int32" ? "int32" : "int64" };
  if (schema.type === "number") return { t: "number" };
  if (schema.type === "boolean") return { t: "bool" };
  if (schema.type === "string") return { t: schema.format === "byte" ? "bytes" : "string" };
  return { t: "any" };
}

function typeOf(schema: OpenApiSchema): TypeSchema {
  if (schema.properties === undefined) return {};
  const fields = Object.entries(schema.properties).map(([name, property]) => [name, fieldOf(property)] as const);
  const isAtomic = schema["x-kubernetes-map-type"] === "atomic";
  return {
    f: Object.fromEntries(fields),
    ...(schema.required === undefined ? {} : { q: schema.required }),
    ...(isAtomic ? { x: "atomic" as const } : {}),
  };
}

function referencesOf(field: Field): string[] {
  if (field.r !== undefined) return [field.r];
  return [field.a, field.m].flatMap((inner) => (inner === undefined ? [] : referencesOf(inner)));
}

function compact(schemas: Map<string, OpenApiSchema>, roots: string[]): Record<string, TypeSchema> {
  const types = new Map<string, TypeSchema>();
  const pending = [...roots];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (types.has(name)) continue;
    const schema = schemas.get(name);
    if (schema === undefined) throw new Error(`the documents define no ${name}`);
    const type = typeOf(schema);
    types.set(name, type);
    pending.push(...Object.values(type.f ?? {}).flatMap(referencesOf));
  }
  return Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: generate-schemas.ts <folder of OpenAPI documents>");
const schemas = readSchemas(folder);
const roots = [...[...schemas].filter(([, schema]) => isKind(schema)).map(([name]) => name), ...extraTypes];
const text = JSON.stringify(compact(schemas, roots));
const lines = [
  "// Generated by ../generate-schemas.ts from Kubernetes' published OpenAPI 1.35. Do not edit.",
  "// One string: it costs nothing at the Worker's start and is parsed when the first object is decoded.",
  `export const schemas = ${JSON.stringify(text)};`,
];
writeFileSync(join(import.meta.dirname, "generated/schemas.ts"), `${lines.join("\n")}\n`);
