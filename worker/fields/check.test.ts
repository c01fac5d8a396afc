import { describe, expect, it } from "vitest";
import { checkConfig, errorsText } from "./check.ts";
import { typesOf, types } from "./testing.ts";
import type { Field } from "../resources/schema.ts";

types["scalars"] = {
  f: {
    text: { t: "string" },
    number: { t: "int32" },
    flag: { t: "bool" },
    quantity: { t: "quantity" },
    time: { t: "time" },
    mixed: { t: "int-or-string" },
    any: { t: "any" },
    keyed: { a: { r: "named" }, l: "map", k: ["name"] },
  },
};
types["named"] = { f: { name: { t: "string" }, other: { t: "string" } } };

const thing: Field = { r: "thing" };
const scalars: Field = { r: "scalars" };

describe("a configuration is refused", () => {
  const rows: [sentence: string, field: Field, value: unknown, error: string][] = [
    ["with an unknown field", thing, { colour: "blue" }, ".colour: field not declared in schema"],
    ["with an unknown field of an item", thing, { list: [{ port: 1, colour: "blue" }] }, '.list[port=1,protocol="TCP"].colour: field not declared in schema'],
    ["with a text for a number", scalars, { number: "1" }, ".number: expected numeric (int or float), got string"],
    ["with a number for a text", scalars, { text: 1 }, ".text: expected string, got &value.valueUnstructured{Value:1}"],
    ["with a text for a flag", scalars, { flag: "yes" }, ".flag: expected boolean, got &{yes}"],
    ["with an object for a scalar", scalars, { quantity: { a: [1] } }, ".quantity: expected any scalar, got &{map[a:[1]]}"],
    ["with a text for a list", thing, { list: "x" }, ".list: expected list, got &{x}"],
    ["with a list for an object", thing, { nested: [] }, ".nested: expected map, got &{[]}"],
    ["with an item that is none", thing, { list: ["x"] }, ".list: element 0: associative list with keys may not have non-map elements"],
    ["with a null for an item", thing, { list: [null] }, ".list: element 0: associative list with keys may not have a null element"],
    ["with an item of a set that is an object", thing, { set: [{}] }, ".set: element 0: associative list without keys has an element that's a map type"],
    ["with an item twice", thing, { list: [{ port: 1 }, { port: 1, protocol: "TCP" }] }, '.list: duplicate entries for key [port=1,protocol="TCP"]'],
    ["with a member of a set twice", thing, { set: ["x", "x"] }, '.set: duplicate entries for key [="x"]'],
    ["with an item without a key", scalars, { keyed: [{ other: "x" }] }, '.keyed: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)'],
  ];
  it.each(rows)("%s", (_, field, value, error) => {
    expect(checkConfig(field, value, typesOf).errors).toEqual([error]);
  });

  it("with everything that is wrong", () => {
    const { errors } = checkConfig(thing, { colour: "blue", size: "big" }, typesOf);
    expect(errorsText(errors)).toBe("errors:\n  .colour: field not declared in schema\n  .size: expected numeric (int or float), got string");
  });
});

it("a configuration is taken as the server writes it", () => {
  const value = { quantity: "1000m", time: "2026-01-01T01:00:00+01:00", mixed: 1, any: { a: [null] }, text: null };
  expect(checkConfig(scalars, value, typesOf)).toEqual({
    value: { quantity: "1", time: "2026-01-01T00:00:00Z", mixed: 1, any: { a: [null] }, text: null },
    errors: [],
  });
});
