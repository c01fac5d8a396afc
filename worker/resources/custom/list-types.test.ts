import { describe, expect, it } from "vitest";
import type { JsonSchema } from "./json-schema.ts";
import { listTypeErrors } from "./list-types.ts";

const set: JsonSchema = { type: "array", "x-kubernetes-list-type": "set" };
const map: JsonSchema = {
  type: "array",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["port", "protocol"],
  items: { type: "object", properties: { port: { type: "integer" }, protocol: { type: "string", default: "TCP" } } },
};

describe("items of a list", () => {
  it.each<[string, unknown[], JsonSchema, string[]]>([
    ["may repeat where nothing is said", [1, 1], { type: "array" }, []],
    ["may repeat in an atomic list", [1, 1], { type: "array", "x-kubernetes-list-type": "atomic" }, []],
    ["may not in a set", ["a", "b", "a", "a"], set, ['l[2]: Duplicate value: "a"', 'l[3]: Duplicate value: "a"']],
    ["are the same in whatever order their fields stand", [{ a: 1, b: 2 }, { b: 2, a: 1 }], set, ['l[1]: Duplicate value: {"b":2,"a":1}']],
    ["of different types differ", [1, "1"], set, []],
    ["may not share all keys", [{ port: 1, protocol: "UDP" }, { port: 1, protocol: "UDP", x: 1 }], map, ['l[1]: Duplicate value: {"port":1,"protocol":"UDP"}']],
    ["may share some", [{ port: 1, protocol: "UDP" }, { port: 2, protocol: "UDP" }], map, []],
    ["have a default for a key that they leave out", [{ port: 1 }, { port: 1, protocol: "TCP" }], map, ['l[1]: Duplicate value: {"port":1,"protocol":"TCP"}']],
    ["that are no objects have no keys", [1, 1], map, []],
  ])("%s", (_what, items, schema, errors) => {
    expect(listTypeErrors(items, schema, "l").map(({ path, message }) => `${path}: ${message}`)).toEqual(errors);
  });
});
