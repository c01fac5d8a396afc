import { beforeAll, describe, expect, it } from "vitest";
import { loadCel } from "../../cel/load.ts";
import type { JsonSchema } from "./json-schema.ts";
import { validateValue } from "./validate-value.ts";

beforeAll(async () => void (await loadCel()));

const said = (value: unknown, schema: JsonSchema, previous?: unknown) => validateValue(value, schema, "f", previous).map(({ path, message }) => `${path}: ${message}`);

describe("a value", () => {
  it.each<[string, unknown, JsonSchema, string[]]>([
    ["is of its type", 1, { type: "string" }, ['f: Invalid value: "integer": f in body must be of type string: "integer"']],
    ["may be whole where a number is meant", 1, { type: "number" }, []],
    ["may not be broken where an integer is meant", 1.5, { type: "integer" }, ['f: Invalid value: "number": f in body must be of type integer: "number"']],
    ["may be null if it says so", null, { type: "string", nullable: true }, []],
    ["may not be null else", null, { type: "string" }, ['f: Invalid value: "null": f in body must be of type string: "null"']],
    ["is an int or a text", true, { "x-kubernetes-int-or-string": true }, ['f: Invalid value: "boolean": f in body must be of type integer,string: "boolean"']],
    ["is not too long", "abc", { type: "string", maxLength: 2 }, ["f: Too long: may not be more than 2 bytes"]],
    ["is measured in characters", "äöü", { type: "string", maxLength: 3 }, []],
    ["is not too short", "a", { type: "string", minLength: 2 }, ['f: Invalid value: "a": f in body should be at least 2 chars long']],
    ["matches", "b", { type: "string", pattern: "^a$" }, ["f: Invalid value: \"b\": f in body should match '^a$'"]],
    ["has its format", "x", { type: "string", format: "date-time" }, ['f: Invalid value: "x": f in body must be of type date-time: "x"']],
    ["is not too large", 3, { type: "integer", maximum: 2 }, ["f: Invalid value: 3: f in body should be less than or equal to 2"]],
    ["is below a bound that is left out", 2, { type: "integer", maximum: 2, exclusiveMaximum: true }, ["f: Invalid value: 2: f in body should be less than 2"]],
    ["is not too small", 1, { type: "integer", minimum: 2 }, ["f: Invalid value: 1: f in body should be greater than or equal to 2"]],
    ["is a multiple", 0.35, { type: "number", multipleOf: 0.1 }, ["f: Invalid value: 0.35: f in body should be a multiple of 0.1"]],
    ["is one of a list", "c", { type: "string", enum: ["a", "b"] }, ['f: Unsupported value: "c": supported values: "a", "b"']],
    ["has no more items than it may", [1, 2], { type: "array", maxItems: 1, items: { type: "integer" } }, ["f: Too many: 2: must have at most 1 items"]],
    ["has items enough", [], { type: "array", minItems: 1, items: { type: "integer" } }, ["f: Invalid value: 0: f in body should have at least 1 items"]],
    ["has what is required", {}, { type: "object", required: ["a"], properties: { a: { type: "string" } } }, ["f.a: Required value"]],
    ["has properties enough", {}, { type: "object", minProperties: 1 }, ["f: Invalid value: 0: f in body should have at least 1 properties"]],
    ["is judged at every depth", { a: [{ b: 1 }] }, { type: "object", properties: { a: { type: "array", items: { type: "object", properties: { b: { type: "string" } } } } } }, ['f.a[0].b: Invalid value: "integer": f.a[0].b in body must be of type string: "integer"']],
    ["says what it is where it is an object of its own", {}, { type: "object", "x-kubernetes-embedded-resource": true }, ["f.apiVersion: Required value: must not be empty", "f.kind: Required value: must not be empty"]],
    ["is one of several", 5, { anyOf: [{ maximum: 1 }, { minimum: 9 }] }, ['<nil>: Invalid value: "": "f" must validate at least one schema (anyOf)', "f: Invalid value: 5: f in body should be less than or equal to 1"]],
    ["is only one of several", 5, { oneOf: [{ minimum: 1 }, { minimum: 2 }] }, ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found 2 valid alternatives']],
    ["is not what it must not be", 5, { not: { minimum: 1 } }, ['<nil>: Invalid value: "": "f" must not validate the schema (not)']],
  ])("%s", (_what, value, schema, errors) => {
    expect(said(value, schema)).toEqual(errors);
  });

  const tight: JsonSchema = { type: "object", properties: { a: { type: "string", maxLength: 1 }, b: { type: "string", maxLength: 1 } } };
  const keyed: JsonSchema = { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], items: { type: "object", properties: { k: { type: "string" }, v: { type: "string", maxLength: 1 } } } };
  it.each<[string, unknown, unknown, JsonSchema, number]>([
    ["that stays is not judged again", { a: "long" }, { a: "long" }, tight, 0],
    ["that stays beside one that changes is not either", { a: "long", b: "x" }, { a: "long", b: "y" }, tight, 0],
    ["that changes is", { a: "longer" }, { a: "long" }, tight, 1],
    ["in a list is found again by its key", [{ k: "2", v: "long" }, { k: "1", v: "x" }], [{ k: "1", v: "y" }, { k: "2", v: "long" }], keyed, 0],
    ["in any other list is not", ["long", "x"], ["long", "y"], { type: "array", items: { type: "string", maxLength: 1 } }, 1],
    ["in an atomic map is not", { a: "long", b: "x" }, { a: "long", b: "y" }, { ...tight, "x-kubernetes-map-type": "atomic" }, 1],
  ])("%s", (_what, value, previous, schema, errors) => {
    expect(said(value, schema, previous)).toHaveLength(errors);
  });
});
