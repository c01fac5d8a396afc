/** Schemas as types of CEL, and values as those types have them: under escaped names, with what rules may not see left out. */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import type { CelType } from "../../cel/cel.ts";
import { escapedName } from "../../cel/names.ts";
import { entrySchema, isEmbedded, isIntOrString, propertyOf, type JsonSchema } from "./json-schema.ts";

/** Of metadata rules see no more than the name. */
const metadata: JsonSchema = { type: "object", properties: { name: { type: "string" }, generateName: { type: "string" } } };
const text: JsonSchema = { type: "string" };

/** An object that has metadata has these whatever the schema says of them. */
export function asResource(schema: JsonSchema): JsonSchema {
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata } };
}

const resources = new WeakMap<JsonSchema, JsonSchema>();

function completed(schema: JsonSchema): JsonSchema {
  if (!isEmbedded(schema)) return schema;
  const known = resources.get(schema) ?? asResource(schema);
  resources.set(schema, known);
  return known;
}

/** Undefined: rules cannot see the value. */
export function celTypeOf(given: JsonSchema): CelType | undefined {
  const schema = completed(given);
  if (isIntOrString(schema)) return "dyn";
  switch (schema.type) {
    case "string":
      return stringType(schema.format);
    case "integer":
      return "int";
    case "number":
      return "double";
    case "boolean":
      return "bool";
    case "array": {
      const item = schema.items === undefined ? undefined : celTypeOf(schema.items);
      return item === undefined ? undefined : { list: item };
    }
    case "object":
      return objectType(schema);
    default:
      return undefined;
  }
}

function stringType(format: string | undefined): CelType {
  switch (format) {
    case "byte":
      return "bytes";
    case "duration":
      return "duration";
    case "date":
    case "date-time":
      return "timestamp";
    default:
      return "string";
  }
}

function objectType(schema: JsonSchema): CelType | undefined {
  const entries = entrySchema(schema);
  if (entries !== undefined) {
    const value = celTypeOf(entries);
    return value === undefined ? undefined : { map: value };
  }
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const [escaped, type] = [escapedName(name), celTypeOf(property)];
    return escaped === undefined || type === undefined ? [] : [[escaped, type] as const];
  });
  return { object: Object.fromEntries(fields) };
}

/** JSON that has exactly the fields of the type. */
export function visibleTo(value: unknown, given: JsonSchema): unknown {
  const schema = completed(given);
  if (Array.isArray(value)) return schema.items === undefined ? value : value.map((item) => visibleTo(item, schema.items!)); // checked
  if (!isRecord(value) || isIntOrString(schema)) return value;
  const entries = entrySchema(schema);
  const result: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) {
    const property = propertyOf(schema, name);
    const escaped = entries === undefined ? escapedName(name) : name;
    const known = property ?? entries;
    if (known === undefined || escaped === undefined || one === null) continue;
    result[escaped] = visibleTo(one, known);
  }
  return result;
}
