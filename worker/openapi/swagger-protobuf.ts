/**
 * The OpenAPI v2 document as protobuf (package openapi.v2 of google/gnostic), the only form that kubectl and client-go
 * ask for. A message is a list of numbered fields; what is absent is left out.
 */
import type { JsonSchema } from "./schemas.ts";

type Value = string | boolean | Uint8Array | undefined;
type Numbered = [number: number, value: Value | Value[]];

interface Swagger {
  swagger: string;
  info: { title?: string; version?: string };
  paths: Record<string, Record<string, unknown>>;
  definitions: Record<string, JsonSchema>;
}

interface Operation {
  description?: string;
  produces?: string[];
  consumes?: string[];
  schemes?: string[];
  parameters?: JsonSchema[];
  responses?: Record<string, { description: string; schema: JsonSchema }>;
}

export function swaggerProtobuf(document: object): Uint8Array {
  // What ./swagger.ts makes.
  const { swagger, info, paths, definitions } = document as Swagger;
  return message([
    [1, swagger],
    [2, message([[1, info.title], [2, info.version]])],
    [8, message([[2, named(paths, pathItem)]])],
    [9, message([[1, named(definitions, schema)]])],
  ]);
}

const methodNumbers: Record<string, number> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 };

function pathItem(item: Record<string, unknown>): Uint8Array {
  const fields = Object.entries(item).map(([name, value]): Numbered =>
    name === "parameters" ? [9, (value as JsonSchema[]).map(parameter)] : [methodNumbers[name] ?? 2, operation(value as Operation)],
  );
  return message(fields.toSorted(([a], [b]) => a - b));
}

function operation(value: Operation): Uint8Array {
  const { produces, consumes, schemes, parameters = [], responses = {} } = value;
  const answers = named(responses, (response) =>
    message([[1, message([[1, response.description], [2, message([[1, schema(response.schema)]])]])]]));
  return message([[6, produces], [7, consumes], [8, parameters.map(parameter)], [9, message([[1, answers]])], [10, schemes], [13, extensions({ ...value })]]);
}

function parameter(value: JsonSchema): Uint8Array {
  const { in: place, name, required, type, uniqueItems } = value;
  const common: Numbered[] = [[1, flag(required)], [2, text(place)], [4, text(name)]];
  const body = () => message([[1, message([[2, text(name)], [3, text(place)], [4, flag(required)], [5, schema(isSchema(value["schema"]) ? value["schema"] : {})]])]]);
  const query = () => message([[2, message([[3, message([...common, [6, text(type)], [20, flag(uniqueItems)]])]])]]);
  const path = () => message([[2, message([[4, message([...common, [5, text(type)], [19, flag(uniqueItems)]])]])]]);
  return message([[1, place === "body" ? body() : place === "query" ? query() : path()]]);
}

function schema(value: JsonSchema): Uint8Array {
  const { properties, items, additionalProperties, required, type } = value;
  return message([
    [1, text(value["$ref"])],
    [2, text(value["format"])],
    [4, text(value["description"])],
    [5, value["default"] === undefined ? undefined : anything(value["default"])],
    [19, Array.isArray(required) ? required.map(String) : undefined],
    [21, isSchema(additionalProperties) ? message([[1, schema(additionalProperties)]]) : undefined],
    [22, type === undefined ? undefined : message([[1, text(type)]])],
    [23, isSchema(items) ? message([[1, schema(items)]]) : undefined],
    [25, isSchema(properties) ? message([[1, named(properties, (one) => schema(isSchema(one) ? one : {}))]]) : undefined],
    [31, extensions(value)],
  ]);
}

/** Fields that Kubernetes adds, in their order of names. */
function extensions(value: Record<string, unknown>): Uint8Array[] {
  return named(Object.fromEntries(Object.entries(value).filter(([name]) => name.startsWith("x-"))), anything);
}

/** YAML, of which JSON is a part. */
const anything = (value: unknown): Uint8Array => message([[2, JSON.stringify(value)]]);

function named<T>(map: Record<string, T>, encode: (value: T) => Uint8Array): Uint8Array[] {
  return Object.entries(map).map(([name, value]) => message([[1, name], [2, encode(value)]]));
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const flag = (value: unknown): boolean | undefined => (value === true ? true : undefined);
const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null && !Array.isArray(value);

// --- the wire

const encoder = new TextEncoder();

function message(fields: Numbered[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) writeField(parts, number, one);
  }
  return joined(parts);
}

function writeField(parts: Uint8Array[], number: number, value: string | boolean | Uint8Array): void {
  if (typeof value === "boolean") {
    parts.push(varint(number * 8), varint(value ? 1 : 0));
    return;
  }
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  parts.push(varint(number * 8 + 2), varint(bytes.length), bytes);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function joined(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
