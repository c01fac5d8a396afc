import { describe, expect, it } from "vitest";
import { LiteralError, rewriteMessageLiterals } from "./message-literals.ts";

const rewritten = (expression: string) => rewriteMessageLiterals(expression).text;

describe("literals of messages become calls", () => {
  it.each<[string, string, string]>([
    ["of the root", "Object{}", 'kedgeMessage("Object", {})'],
    ["of a field", "Object.spec{replicas: 3}", 'kedgeMessage("Object.spec", {"replicas": 3})'],
    ["below each other", "Object{spec: Object.spec{a: 1, b: 2}}", 'kedgeMessage("Object", {"spec": kedgeMessage("Object.spec", {"a": 1, "b": 2})})'],
    ["with maps inside", 'Object{labels: {"a": "b", c: d}, x: 1}', 'kedgeMessage("Object", {"labels": {"a": "b", c: d}, "x": 1})'],
    ["with commas of others inside", "Object{a: [1, x], b: f(1, y), c: d}", 'kedgeMessage("Object", {"a": [1, x], "b": f(1, y), "c": d})'],
    ["of optional fields", "Object{?a: object.?a, ?b: x}", 'kedgeMessage("Object", {"?a": object.?a, "?b": x})'],
    ["with a last comma", "[JSONPatch{op: 'add',},]", `[kedgeMessage("JSONPatch", {"op": 'add',}),]`],
    ["over several lines", "Object . spec {\n  a: 1\n}", 'kedgeMessage("Object.spec", {\n  "a": 1\n})'],
    ["whose fields are called as CEL's words are", "Object{namespace: 'n'}", `kedgeMessage("Object", {"namespace": 'n'})`],
  ])("%s", (_, expression, expected) => {
    expect(rewritten(expression)).toBe(expected);
  });
});

describe("what only looks like one is left alone", () => {
  it.each([
    `'Object{a: 1}' + "JSONPatch{op: 1}"`,
    String.raw`"a \" Object{a: 1}"`,
    `"""Object{a: " 1}""" + '''JSONPatch{'''`,
    "true // Object{a: 1}\n && x",
    "object.Object == 1 && x.JSONPatch.y",
    "Objects{a: 1}",
    "MyObject.spec",
    "object.spec",
    `"not closed Object{`,
  ])("%s", (expression) => {
    expect(rewritten(expression)).toBe(expression);
  });
});

it("a text where a field must stand is told where it stands", () => {
  expect(() => rewritten('Object{"a": 1}')).toThrow(LiteralError);
});

it("what the library says of a place is said of the place as it was written", () => {
  const expression = "[JSONPatch{op: 'add', value: missing}]";
  const { text, originOf } = rewriteMessageLiterals(expression);
  expect(originOf(text.indexOf("missing"))).toBe(expression.indexOf("missing"));
  expect(originOf(text.indexOf("kedgeMessage"))).toBe(expression.indexOf("JSONPatch"));
});
