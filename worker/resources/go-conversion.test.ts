import { describe, expect, it } from "vitest";
import { conversionError, goText } from "./go-conversion.ts";

describe("a value is not converted", () => {
  it.each<[sentence: string, value: unknown, type: string, error: string]>([
    ["from a number to text", 1, "string", "cannot convert int64 to string"],
    ["from a fraction to a number", 1.5, "int32", "cannot convert float64 to int32"],
    ["from a fraction to text", 1.5, "string", "unrecognized type: string"],
    ["from text to a number", "3", "int32", "unrecognized type: int32"],
    ["from text to a truth", "yes", "bool", "unrecognized type: bool"],
    ["from a truth to text", true, "string", "unrecognized type: string"],
    ["from a number to a truth", 1, "bool", "unrecognized type: bool"],
    ["from text to a list", "a", "[]v1.Container", "cannot restore slice from string"],
    ["from a list to a map", [], "map[string]string", "cannot restore map from slice"],
    ["from a list to a struct", [], "v1.PodSpec", "cannot restore struct from: slice"],
  ])("%s", (_, value, type, error) => expect(conversionError({ value, type })).toBe(error));
});

it("Go prints maps with sorted keys, and nothing as <nil>", () => {
  expect(goText({ b: [1, "two", null], a: { c: true } })).toBe("map[a:map[c:true] b:[1 two <nil>]]");
});
