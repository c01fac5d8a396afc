import { beforeAll, describe, expect, it } from "vitest";
import { loadCel } from "../../cel/load.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { structuralErrors } from "./structural-rules.ts";

beforeAll(async () => void (await loadCel()));

const said = (schema: JsonSchema) => structuralErrors(schema, "s").map(({ path, message }) => `${path}: ${message}`);
const root = (a: JsonSchema): JsonSchema => ({ type: "object", properties: { a } });

describe("a structural schema", () => {
  it.each<[string, JsonSchema, string[]]>([
    ["says the type of every field", root({}), ["s.properties[a].type: Required value: must not be empty for specified object fields"]],
    ["and of every item", root({ type: "array", items: {} }), ["s.properties[a].items.type: Required value: must not be empty for specified array items"]],
    ["is an object at its root", { type: "array", items: { type: "string" } }, ["s.type: Invalid value: \"array\": must be object at the root"]],
    ["says nothing of a type that preserves what is unknown", root({ "x-kubernetes-preserve-unknown-fields": true }), []],
    ["nor of an int or a text", root({ "x-kubernetes-int-or-string": true }), []],
    ["says what items are", root({ type: "array" }), ["s.properties[a].items: Required value: must be specified"]],
    ["has properties or a map's values, not both", root({ type: "object", properties: { b: { type: "string" } }, additionalProperties: { type: "string" } }), ["s.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"]],
    ["is no map at its root", { type: "object", additionalProperties: { type: "string" } }, ["s.additionalProperties: Forbidden: must not be used at the root"]],
    ["knows no references", root({ type: "string", $ref: "#/x" }), ["s.properties[a].$ref: Forbidden: $ref is not supported"]],
    ["knows no type null", root({ type: "null" }), ["s.properties[a].type: Forbidden: type cannot be set to null, use nullable as an alternative"]],
    ["embeds objects only", root({ type: "string", "x-kubernetes-embedded-resource": true }), ["s.properties[a].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields", 's.properties[a].type: Invalid value: "string": must be object if x-kubernetes-embedded-resource is true']],
    ["declares outside what a junctor judges", root({ type: "object", anyOf: [{ properties: { b: { minimum: 1 } } }] }), ["s.properties[a].properties[b]: Required value: because it is defined in a nested context"]],
    ["declares nothing inside of one", root({ type: "string", allOf: [{ description: "x" }] }), ["s.properties[a].allOf[0].description: Forbidden: must be empty to be structural"]],
    ["may have the patterns of an int or a text", root({ "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] }), []],
    ["restricts of metadata the name alone", { type: "object", properties: { metadata: { type: "object", properties: { labels: { type: "object" } } } } }, ["s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"]],
  ])("%s", (_what, schema, errors) => {
    expect(said(schema)).toEqual(errors);
  });
});
