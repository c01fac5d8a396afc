import { describe, expect, it } from "vitest";
import type { CelType } from "../../cel/cel.ts";
import { celTypeOf, visibleTo } from "./cel-types.ts";
import type { JsonSchema } from "./json-schema.ts";

const object = (properties: Record<string, JsonSchema>, more: object = {}): JsonSchema => ({ type: "object", properties, ...more });

describe("a schema's type", () => {
  it.each<[JsonSchema, CelType | undefined]>([
    [{ type: "string" }, "string"],
    [{ type: "string", format: "byte" }, "bytes"],
    [{ type: "string", format: "date-time" }, "timestamp"],
    [{ type: "string", format: "date" }, "timestamp"],
    [{ type: "string", format: "duration" }, "duration"],
    [{ type: "string", format: "uuid" }, "string"],
    [{ type: "integer" }, "int"],
    [{ type: "number" }, "double"],
    [{ type: "boolean" }, "bool"],
    [{ "x-kubernetes-int-or-string": true }, "dyn"],
    [{ type: "array", items: { type: "integer" } }, { list: "int" }],
    [{ type: "array" }, undefined],
    [{ type: "object", additionalProperties: { type: "string" } }, { map: "string" }],
    [object({ a: { type: "string" } }), { object: { a: "string" } }],
    [object({ "a-b": { type: "string" }, "c.d": { type: "string" }, in: { type: "string" } }), { object: { a__dash__b: "string", c__dot__d: "string", __in__: "string" } }],
    [object({ any: { "x-kubernetes-preserve-unknown-fields": true } }), { object: {} }],
    [object({}, { "x-kubernetes-embedded-resource": true }), { object: { apiVersion: "string", kind: "string", metadata: { object: { name: "string", generateName: "string" } } } }],
  ])("%j is %j", (schema, type) => {
    expect(celTypeOf(schema)).toEqual(type);
  });
});

describe("what rules see", () => {
  it.each<[string, unknown, JsonSchema, unknown]>([
    ["is under escaped names", { "a-b": 1 }, object({ "a-b": { type: "integer" } }), { a__dash__b: 1 }],
    ["is not what the schema does not know", { a: 1, b: 2 }, object({ a: { type: "integer" } }), { a: 1 }],
    ["is no null", { a: null }, object({ a: { type: "integer", nullable: true } }), {}],
    ["has a map's keys as they are", { m: { "a-b": 1 } }, object({ m: { type: "object", additionalProperties: { type: "integer" } } }), { m: { "a-b": 1 } }],
    ["is of each item", [{ a: 1, b: 2 }], { type: "array", items: object({ a: { type: "integer" } }) }, [{ a: 1 }]],
    ["is of metadata the name alone", { metadata: { name: "a", labels: { x: "y" } } }, object({}, { "x-kubernetes-embedded-resource": true }), { metadata: { name: "a" } }],
  ])("%s", (_what, value, schema, seen) => {
    expect(visibleTo(value, schema)).toEqual(seen);
  });
});
