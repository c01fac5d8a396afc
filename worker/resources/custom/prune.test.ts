import { describe, expect, it } from "vitest";
import type { JsonSchema } from "./json-schema.ts";
import { prune } from "./prune.ts";

const text: JsonSchema = { type: "string" };
const keeping = { "x-kubernetes-preserve-unknown-fields": true };
const object = (properties: Record<string, JsonSchema>, more: object = {}): JsonSchema => ({ type: "object", properties, ...more });

describe("pruning", () => {
  it.each<[string, object, JsonSchema, object, string[]]>([
    ["drops what is not declared, and says so", { spec: { a: "1", b: "2" }, other: 1 }, object({ spec: object({ a: text }) }), { spec: { a: "1" } }, ["spec.b", "other"]],
    ["keeps what every object has", { apiVersion: "v", kind: "K", metadata: { name: "a" } }, object({}), { apiVersion: "v", kind: "K", metadata: { name: "a" } }, []],
    ["looks into lists", { l: [{ a: "1", b: "2" }, { b: "3" }] }, object({ l: { type: "array", items: object({ a: text }) } }), { l: [{ a: "1" }, {}] }, ["l[0].b", "l[1].b"]],
    ["looks into maps", { m: { x: { a: "1", b: "2" } } }, object({ m: { type: "object", additionalProperties: object({ a: text }) } }), { m: { x: { a: "1" } } }, ["m.x.b"]],
    ["keeps every entry of a map that says nothing of them", { m: { x: { a: 1 } } }, object({ m: { type: "object", additionalProperties: true } }), { m: { x: {} } }, ["m.x.a"]],
    ["keeps what is preserved", { spec: { a: "1", b: { c: 1 } } }, object({ spec: object({ a: text }, keeping) }), { spec: { a: "1", b: { c: 1 } } }, []],
    ["begins again below what is preserved, where something is declared", { spec: { a: { b: 1 }, c: { d: 1 } } }, object({ spec: object({ a: object({}) }, keeping) }), { spec: { a: {}, c: { d: 1 } } }, ["spec.a.b"]],
    ["keeps metadata of an object that is embedded", { o: { apiVersion: "v", kind: "K", metadata: { name: "a" }, x: 1 } }, object({ o: object({}, { "x-kubernetes-embedded-resource": true }) }), { o: { apiVersion: "v", kind: "K", metadata: { name: "a" } } }, ["o.x"]],
    ["takes a name of Object's own for what it is", { constructor: 1, toString: 2 }, object({ a: text }), {}, ["constructor", "toString"]],
  ])("%s", (_what, value, schema, left, dropped) => {
    const found = prune(value, schema);
    expect([value, found.toSorted()]).toEqual([left, dropped.toSorted()]);
  });
});
