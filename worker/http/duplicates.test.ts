import { expect, test } from "vitest";
import { duplicateFields } from "./duplicates.ts";

test.each([
  ["nothing twice", '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', []],
  ["a field", '{"a":1,"a":2}', ['duplicate field "a"']],
  ["a nested field", '{"spec":{"replicas":1,"replicas":2}}', ['duplicate field "spec.replicas"']],
  ["a field in a list", '{"c":[{"x":1},{"y":[1,2],"y":3}]}', ['duplicate field "c[1].y"']],
  ["a value that looks like a field", '{"a":"b","b":"\\"a\\":1,"}', []],
  ["a field written in two ways", '{"a":1,"\\u0061":2}', ['duplicate field "a"']],
  ["a text that ends in a backslash", '{"a":"x\\\\","b":1,"b":2}', ['duplicate field "b"']],
])("%s", (_what, text, expected) => {
  JSON.parse(text);
  expect(duplicateFields(text)).toEqual(expected);
});
