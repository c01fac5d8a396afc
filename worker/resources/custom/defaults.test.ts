import { describe, expect, it } from "vitest";
import { applyDefaults, hasDefaults } from "./defaults.ts";
import type { JsonSchema } from "./json-schema.ts";

const object = (properties: Record<string, JsonSchema>, more: object = {}): JsonSchema => ({ type: "object", properties, ...more });
const one: JsonSchema = { type: "integer", default: 1 };

describe("defaults", () => {
  it.each<[string, unknown, JsonSchema, unknown]>([
    ["fill in what is absent", {}, object({ a: one }), { a: 1 }],
    ["leave what is there", { a: 0 }, object({ a: one }), { a: 0 }],
    ["take the place of a null that may not be", { a: null }, object({ a: one }), { a: 1 }],
    ["leave a null that may be", { a: null }, object({ a: { ...one, nullable: true } }), { a: null }],
    ["do not make the object around them", {}, object({ spec: object({ a: one }) }), {}],
    ["fill in below what they filled in", {}, object({ spec: object({ a: one }, { default: {} }) }), { spec: { a: 1 } }],
    ["reach items", { l: [{}, { a: 2 }] }, object({ l: { type: "array", items: object({ a: one }) } }), { l: [{ a: 1 }, { a: 2 }] }],
    ["reach values of maps", { m: { x: {} } }, object({ m: { type: "object", additionalProperties: object({ a: one }) } }), { m: { x: { a: 1 } } }],
    ["pass over what is of another type", { spec: "x" }, object({ spec: object({ a: one }) }), { spec: "x" }],
  ])("%s", (_what, value, schema, filled) => {
    applyDefaults(value, schema);
    expect(value).toEqual(filled);
  });

  it("are each a value of its own", () => {
    const schema = object({ l: { type: "array", items: { type: "string" }, default: [] } });
    const [left, right] = [{}, {}] as { l?: string[] }[];
    applyDefaults(left, schema);
    left?.l?.push("x");
    applyDefaults(right, schema);
    expect(right).toEqual({ l: [] });
  });

  it.each<[JsonSchema, boolean]>([[object({ a: one }), true], [object({ l: { type: "array", items: object({ a: one }) } }), true], [object({ a: { type: "string" } }), false]])("are found in %j: %s", (schema, found) => {
    expect(hasDefaults(schema)).toBe(found);
  });
});
