import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare, type Comparison } from "./compare.ts";
import { isEmpty } from "./field-set.ts";
import { config, shape, type Thing } from "./testing.ts";

const port = (number: number) => `k:{"port":${number},"protocol":"TCP"}`;

describe("a change", () => {
  const rows: [sentence: string, before: Thing, after: Thing, found: Partial<Comparison>][] = [
    ["of a scalar is of its field", { size: 1 }, { size: 2 }, { modified: { "f:size": {} } }],
    ["that adds an object adds it and its fields", {}, { nested: { a: "x" } }, { added: { "f:nested": { ".": {}, "f:a": {} } } }],
    ["that adds to an object adds the field alone", { nested: { a: "x" } }, { nested: { a: "x", b: "y" } }, { added: { "f:nested": { "f:b": {} } } }],
    ["to an object that is always there adds its fields", {}, { metadata: { labels: { a: "x" } } }, { added: { "f:metadata": { "f:labels": { ".": {}, "f:a": {} } } } }],
    ["that removes an object removes it and its fields", { nested: { a: "x" } }, {}, { removed: { "f:nested": { ".": {}, "f:a": {} } } }],
    ["of a set is of its members", { set: ["x", "y"] }, { set: ["y", "z"] }, { added: { "f:set": { 'v:"z"': {} } }, removed: { "f:set": { 'v:"x"': {} } } }],
    ["of a set's order is none", { set: ["x", "y"] }, { set: ["y", "x"] }, {}],
    ["of an item is of its field", { list: [{ port: 1, name: "x" }] }, { list: [{ port: 1, protocol: "TCP", name: "y" }] }, { modified: { "f:list": { [port(1)]: { "f:name": {} } } }, added: { "f:list": { [port(1)]: { "f:protocol": {} } } } }],
    ["that adds an item adds it and its fields", { list: [{ port: 1 }] }, { list: [{ port: 1 }, { port: 2 }] }, { added: { "f:list": { [port(2)]: { ".": {}, "f:port": {} } } } }],
    ["of a list that is one value is of the list", { atomic: ["x"] }, { atomic: ["y"] }, { modified: { "f:atomic": {} } }],
    ["of a map that is one value is of the map", { atomicMap: { a: "x" } }, { atomicMap: { a: "y" } }, { modified: { "f:atomicMap": {} } }],
    ["of what has no schema is of its fields", { loose: { a: "x" } }, { loose: { a: "y" } }, { modified: { "f:loose": { "f:a": {} } } }],
    ["from one sort of value to another is of the field", { loose: { a: "x" } }, { loose: ["x"] }, { modified: { "f:loose": {} } }],
    ["to an explicit nothing removes the fields alone", { nested: { a: "x" } }, { nested: {} }, { removed: { "f:nested": { "f:a": {} } } }],
    ["that doubles an item is of the item", { list: [{ port: 1 }] }, { list: [{ port: 1 }, { port: 1, name: "x" }] }, { added: { "f:list": { [port(1)]: {} } }, removed: { "f:list": { [port(1)]: { ".": {}, "f:port": {} } } } }],
    ["among items of one key is of all of them", { list: [{ port: 1 }, { port: 1, name: "x" }] }, { list: [{ port: 1 }, { port: 1, name: "y" }] }, { modified: { "f:list": { [port(1)]: {} } } }],
    ["of a key that objects inherit is of that key", { labels: { constructor: "x" } }, { labels: {} }, { removed: { "f:labels": { "f:constructor": {} } } }],
  ];
  it.each(rows)("%s", (_, before, after, found) => {
    expect(compare(shape, before, after)).toEqual({ added: {}, modified: {}, removed: {}, ...found });
  });

  it("is none between a thing and itself, and the other way round it is the opposite", () => {
    fc.assert(fc.property(config, config, (left, right) => {
      expect(Object.values(compare(shape, left, structuredClone(left))).every(isEmpty)).toBe(true);
      const [there, back] = [compare(shape, left, right), compare(shape, right, left)];
      expect(back).toEqual({ added: there.removed, removed: there.added, modified: there.modified });
    }));
  });
});
