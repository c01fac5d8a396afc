/** Schemas of custom resources in the form of the compact ones (../schema.ts), for what merges by types. */
import { typeSchema, type Field, type TypeSchema } from "../schema.ts";
import { entrySchema, isEmbedded, isIntOrString, isPreserving, type JsonSchema } from "./json-schema.ts";

export type Types = (name: string) => TypeSchema;

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** A table in which `root` is the type of the whole object, beside the built-in ones. */
export function typesOf(root: string, schema: JsonSchema): Types {
  const types = new Map<string, TypeSchema>();
  types.set(root, resourceType(types, schema));
  return (name) => types.get(name) ?? typeSchema(name);
}

function resourceType(types: Map<string, TypeSchema>, schema: JsonSchema): TypeSchema {
  const text: Field = { t: "string" };
  const { f, ...rest } = objectType(types, schema);
  return { ...rest, f: { ...f, apiVersion: text, kind: text, metadata: { r: objectMeta, d: {} } } };
}

function objectType(types: Map<string, TypeSchema>, schema: JsonSchema): TypeSchema {
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => [name, fieldOf(types, property)] as const);
  return {
    f: Object.fromEntries(fields),
    ...(schema.required === undefined ? {} : { q: schema.required }),
    ...(isPreserving(schema) || schema.additionalProperties === true ? { p: true as const } : {}),
    ...(schema["x-kubernetes-map-type"] === "atomic" ? { x: "atomic" as const } : {}),
  };
}

/** A default matters for keys of items alone: an apply says nothing of what it leaves out. */
function fieldOf(types: Map<string, TypeSchema>, schema: JsonSchema): Field {
  const isScalar = schema.type !== "object" && schema.type !== "array";
  return { ...shapeOf(types, schema), ...(isScalar && schema.default !== undefined ? { d: schema.default } : {}) };
}

function shapeOf(types: Map<string, TypeSchema>, schema: JsonSchema): Field {
  if (isIntOrString(schema)) return { t: "int-or-string" };
  switch (schema.type) {
    case "string":
      return { t: "string" };
    case "boolean":
      return { t: "bool" };
    case "integer":
      return { t: "int64" };
    case "number":
      return { t: "number" };
    case "array":
      return listField(types, schema);
    case "object":
      return objectField(types, schema);
    default:
      return { t: "any" };
  }
}

function listField(types: Map<string, TypeSchema>, schema: JsonSchema): Field {
  const { "x-kubernetes-list-type": listType, "x-kubernetes-list-map-keys": keys } = schema;
  const isKnown = listType === "set" || listType === "map";
  return { a: fieldOf(types, schema.items ?? {}), l: isKnown ? listType : "atomic", ...(keys === undefined ? {} : { k: keys }) };
}

function objectField(types: Map<string, TypeSchema>, schema: JsonSchema): Field {
  const atomic = schema["x-kubernetes-map-type"] === "atomic" ? { x: "atomic" as const } : {};
  const entries = entrySchema(schema);
  if (entries !== undefined) return { m: fieldOf(types, entries), ...atomic };
  const name = `#${types.size}`;
  // Its place first: the types inside it take the next ones.
  types.set(name, {});
  types.set(name, isEmbedded(schema) ? resourceType(types, schema) : objectType(types, schema));
  return { r: name, ...atomic };
}
