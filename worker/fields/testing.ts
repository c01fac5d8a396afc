/** A small world of every sort of field, for tests: values of it, and writes to it. */
import fc from "fast-check";
import type { TypeSchema } from "../resources/schema.ts";
import type { ManagerEntry } from "./managers.ts";
import { shapeOfType } from "./shape.ts";
import type { Writer } from "./track.ts";

export const types: Record<string, TypeSchema> = {
  thing: {
    f: {
      kind: { t: "string" },
      metadata: { r: "meta", d: {} },
      size: { t: "int32" },
      nested: { r: "nested" },
      labels: { m: { t: "string" } },
      set: { a: { t: "string" }, l: "set" },
      list: { a: { r: "item" }, l: "map", k: ["port", "protocol"] },
      atomic: { a: { t: "string" }, l: "atomic" },
      atomicMap: { m: { t: "string" }, x: "atomic" },
      loose: { t: "any" },
    },
  },
  meta: { f: { name: { t: "string" }, labels: { m: { t: "string" } } } },
  nested: { f: { a: { t: "string" }, b: { t: "string" }, deep: { r: "nested" } } },
  item: { f: { port: { t: "int32" }, protocol: { t: "string", d: "TCP" }, name: { t: "string" }, nested: { r: "nested" } } },
};

export const typesOf = (name: string): TypeSchema => types[name] ?? {};
export const shape = shapeOfType(typesOf("thing"), typesOf);

export type Thing = Record<string, unknown>;

const text = fc.constantFrom("x", "y", "z");
const name = fc.constantFrom("a", "b", "c");
const labels = fc.dictionary(name, text, { minKeys: 1, maxKeys: 3 });
const optional = { requiredKeys: [] };
const nested = fc.record({ a: text, b: text, deep: fc.record({ a: text }, optional) }, optional);
const item = fc.record(
  { port: fc.constantFrom(1, 2, 3), protocol: fc.constantFrom("TCP", "UDP"), name: text, nested },
  { requiredKeys: ["port"] },
);
const list = fc.uniqueArray(item, { minLength: 1, maxLength: 3, selector: ({ port, protocol = "TCP" }) => `${port}${protocol}` });

/** What a client may say of a thing. Maps and lists hold something: empty ones are never stored. */
export const config: fc.Arbitrary<Thing> = fc
  .record(
    {
      size: fc.integer({ min: 0, max: 3 }),
      nested,
      labels,
      set: fc.uniqueArray(text, { minLength: 1, maxLength: 3 }),
      list,
      atomic: fc.array(text, { maxLength: 2 }),
      atomicMap: labels,
      loose: fc.oneof(text, nested, fc.array(text, { maxLength: 2 })),
    },
    optional,
  )
  .map((fields) => ({ kind: "thing", metadata: { name: "t" }, ...fields }));

export function writer(manager: string, operation: ManagerEntry["operation"], second = 0): Writer {
  return { manager, operation, apiVersion: "v1", time: `2020-01-01T00:00:${String(second).padStart(2, "0")}Z`, unwritable: {} };
}
