/**
 * How large values of a schema may be at most, as apiserver/pkg/cel/common/schemas.go estimates it: by what the schema
 * says, else by how many of the smallest fit into a request.
 */
import type { Sized } from "../../cel/cost.ts";
import { entrySchema, isEmbedded, isIntOrString, type JsonSchema } from "./json-schema.ts";
import { asResource } from "./cel-types.ts";
import { escapedName } from "../../cel/names.ts";

const requestBytes = 3 * 1024 * 1024;

const known = new WeakMap<JsonSchema, Sized>();

export function sizesOf(schema: JsonSchema): Sized {
  const cached = known.get(schema);
  if (cached !== undefined) return cached;
  const made = sized(isEmbedded(schema) ? asResource(schema) : schema);
  known.set(schema, made);
  return made;
}

function sized(schema: JsonSchema): Sized {
  if (isIntOrString(schema)) return { most: requestBytes - 2 };
  const entries = entrySchema(schema);
  switch (schema.type) {
    case "string":
      return { most: longestText(schema) };
    case "array": {
      const { items = {}, maxItems = Math.floor((requestBytes - 2) / (smallestBytes(items) + 1)) } = schema;
      return { most: maxItems, items: sizesOf(items) };
    }
    case "object": {
      if (entries === undefined) return { most: 0, field: fieldsOf(schema) };
      const most = schema.maxProperties ?? Math.floor((requestBytes - 2) / (smallestBytes(entries) + 6));
      return { most, keys: { most: requestBytes - 2 }, items: sizesOf(entries) };
    }
    default:
      return { most: 0 };
  }
}

/** Under the names that rules use. */
function fieldsOf({ properties = {} }: JsonSchema): (name: string) => Sized | undefined {
  const byName = new Map(Object.entries(properties).map(([name, property]) => [escapedName(name), property] as const));
  return (name) => {
    const property = byName.get(name);
    return property === undefined ? undefined : sizesOf(property);
  };
}

/** A character may take four bytes. */
function longestText({ maxLength, format, enum: values }: JsonSchema): number {
  if (format === "date") return 10;
  if (format === "date-time") return 31;
  if (format === "duration") return maxLength ?? 32;
  if (maxLength !== undefined) return format === "byte" ? maxLength : maxLength * 4;
  if (values !== undefined && values.length > 0) return Math.max(...values.map((value) => (typeof value === "string" ? value.length : 0)));
  return requestBytes - 2;
}

const smallestText: Partial<Record<string, number>> = { date: 12, "date-time": 21, duration: 3 };

/** As JSON. */
function smallestBytes(schema: JsonSchema): number {
  if (isIntOrString(schema)) return 1;
  switch (schema.type) {
    case "string":
      return smallestText[schema.format ?? ""] ?? 2;
    case "array":
      return 2;
    case "boolean":
      return 4;
    case "object": {
      if (entrySchema(schema) !== undefined) return 2;
      const required = (schema.required ?? []).flatMap((name) => {
        const property = schema.properties?.[name];
        return property === undefined || property.default !== undefined ? [] : [name.length + smallestBytes(property) + 4];
      });
      return required.reduce((all, bytes) => all + bytes, 2);
    }
    default:
      return 1;
  }
}

/** How many values of a schema fit into a request: so often a rule on it may run, where nothing bounds it. */
export const mostInRequest = (schema: JsonSchema): number => Math.floor(requestBytes / (smallestBytes(schema) + 1));
