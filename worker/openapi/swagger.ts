/** OpenAPI v3 documents, as made here, as one of version 2: what older clients and some tools read. */
import type { JsonSchema } from "./schemas.ts";

export interface OpenApiV3 {
  openapi: string;
  info: object;
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, JsonSchema> };
}

/** The parts of an operation that the versions write differently. */
interface Operation {
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { description: string; content: Content }>;
  "x-kubernetes-action": string;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: JsonSchema;
}

type Content = Record<string, { schema: JsonSchema }>;

const kindsField = "x-kubernetes-group-version-kind";

export function swaggerOf(documents: OpenApiV3[]): object {
  const definitions = new Map<string, JsonSchema>();
  const paths: Record<string, object> = {};
  for (const document of documents) {
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      definitions.set(name, withKindsOf(schemaOf(schema), definitions.get(name)));
    }
    for (const [path, item] of Object.entries(document.paths)) paths[path] = pathOf(item);
  }
  const sorted = Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    swagger: "2.0",
    info: documents[0]?.info ?? {},
    paths,
    definitions: sorted,
    securityDefinitions: { BearerToken: { type: "apiKey", name: "authorization", in: "header", description: "Bearer Token authentication" } },
    security: [{ BearerToken: [] }],
  };
}

/** A type that several groups use (DeleteOptions) names the kinds of all of them. */
function withKindsOf(schema: JsonSchema, before: JsonSchema | undefined): JsonSchema {
  const kinds = [before?.[kindsField], schema[kindsField]].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const different = [...new Map(kinds.map((kind) => [JSON.stringify(kind), kind])).values()];
  return different.length === 0 ? schema : { ...schema, [kindsField]: different };
}

function pathOf(item: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) =>
      // A path's own parameters, or an operation: ./paths.ts makes nothing else.
      name === "parameters" ? [name, (value as Parameter[]).map(parameterOf)] : [name, operationOf(value as Operation)],
    ),
  );
}

function operationOf({ parameters = [], requestBody, responses, ...rest }: Operation): object {
  const answers = Object.entries(responses);
  const produced = Object.keys(answers[0]?.[1].content ?? {});
  return {
    ...rest,
    consumes: requestBody === undefined ? ["*/*"] : Object.keys(requestBody.content),
    produces: produced,
    schemes: ["https"],
    parameters: [...(requestBody === undefined ? [] : [bodyOf(requestBody)]), ...parameters.map(parameterOf)],
    responses: Object.fromEntries(answers.map(([code, { description, content }]) => [code, { description, schema: schemaIn(content) }])),
  };
}

function bodyOf({ required, content }: NonNullable<Operation["requestBody"]>): object {
  return { in: "body", name: "body", ...(required ? { required } : {}), schema: schemaIn(content) };
}

function parameterOf({ schema, ...parameter }: Parameter): object {
  return { ...schema, ...parameter };
}

function schemaIn(content: Content): JsonSchema {
  return schemaOf(Object.values(content)[0]?.schema ?? {});
}

/** References point elsewhere and may have neighbours; what is one of several types is a string with a format. */
function schemaOf(schema: JsonSchema): JsonSchema {
  const { allOf, oneOf, $ref, properties, items, additionalProperties, ...rest } = schema;
  const only: unknown = Array.isArray(allOf) ? allOf[0] : undefined;
  const reference = $ref ?? (isSchema(only) ? only["$ref"] : undefined);
  return {
    ...rest,
    ...(typeof reference === "string" ? { $ref: reference.replace("#/components/schemas/", "#/definitions/") } : {}),
    ...(oneOf === undefined ? {} : { type: "string" }),
    ...(isSchema(properties) ? { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, isSchema(one) ? schemaOf(one) : one])) } : {}),
    ...(isSchema(items) ? { items: schemaOf(items) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: schemaOf(additionalProperties) } : {}),
  };
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null && !Array.isArray(value);
