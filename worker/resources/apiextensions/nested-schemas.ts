/**
 * Schemas inside schemas at places that hold a schema or something else (`items`, `additionalProperties`): the decoder of
 * the definition leaves those as they came, so they are decoded here.
 */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import { decode } from "../decode.ts";
import type { FieldError } from "../resource.ts";
import { invalid } from "../rules/field-errors.ts";
import type { JsonSchema } from "../custom/json-schema.ts";

const schemaType = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

/** Changes `schema`; the errors are of what cannot be one. */
export function decodeNested(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const keyword of ["items", "additionalProperties"] as const) {
    const value: unknown = schema[keyword];
    if (value === undefined || (keyword === "additionalProperties" && typeof value === "boolean")) continue;
    const decoded = isRecord(value) ? decode<JsonSchema>(schemaType, value) : { ok: false as const, message: `must be a schema${keyword === "items" ? " object and not an array" : ""}` };
    if (decoded.ok) schema[keyword] = decoded.object;
    else errors.push(invalid(`${path}.${keyword}`, value, decoded.message));
  }
  // Whoever sees the schema after an error must not stumble over what is none.
  for (const { path: at } of errors) delete schema[at.slice(path.length + 1)];
  return [...errors, ...innerOf(schema, path).flatMap(([one, at]) => decodeNested(one, at))];
}

function innerOf(schema: JsonSchema, path: string): [JsonSchema, string][] {
  const listed = (["allOf", "anyOf", "oneOf"] as const).flatMap((name) => (schema[name] ?? []).map((one, at): [JsonSchema, string] => [one, `${path}.${name}[${at}]`]));
  const single = (["items", "additionalProperties", "not"] as const).flatMap((name): [JsonSchema, string][] => {
    const one = schema[name];
    return typeof one === "object" ? [[one, `${path}.${name}`]] : [];
  });
  return [...Object.entries(schema.properties ?? {}).map(([name, one]): [JsonSchema, string] => [one, `${path}.properties[${name}]`]), ...listed, ...single];
}
