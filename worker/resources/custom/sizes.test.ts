import { beforeAll, describe, expect, it } from "vitest";
import { loadCel } from "../../cel/load.ts";
import type { JsonSchema } from "./json-schema.ts";
import { compiledRules } from "./rules.ts";
import { mostInRequest, sizesOf } from "./sizes.ts";

beforeAll(async () => void (await loadCel()));

function costOf(rule: string, schema: JsonSchema): number {
  const [compiled] = compiledRules({ ...schema, "x-kubernetes-validations": [{ rule }] });
  if (compiled === undefined || "error" in compiled.program) throw new Error(JSON.stringify(compiled?.program));
  const self = sizesOf(schema);
  return compiled.program.cost({ self, oldSelf: self });
}

const list = (items: JsonSchema, maxItems?: number): JsonSchema => ({ type: "array", items, ...(maxItems === undefined ? {} : { maxItems }) });
const map = (additionalProperties: JsonSchema, maxProperties?: number): JsonSchema => ({ type: "object", additionalProperties, ...(maxProperties === undefined ? {} : { maxProperties }) });
const text = (maxLength?: number): JsonSchema => ({ type: "string", ...(maxLength === undefined ? {} : { maxLength }) });
const of = (format: string): JsonSchema => ({ type: "string", format });
const number: JsonSchema = { type: "number" };
const boolean: JsonSchema = { type: "boolean" };
const object: JsonSchema = { type: "object", properties: { required: text() }, required: ["required"] };

describe("a rule costs at worst what kube-apiserver estimates", () => {
  it.each<[string, string, JsonSchema, number]>([
    ["all numbers", "self.all(x, true)", list(number), 4718591],
    ["all of ten numbers", "self.all(x, true)", list(number, 10), 32],
    ["all texts", "self.all(x, true)", list(text()), 3145727],
    ["all booleans", "self.all(x, true)", list(boolean), 1887437],
    ["all lists", "self.all(x, true)", list(list(number)), 3145727],
    ["all objects", "self.all(x, true)", list(object), 555128],
    ["all of int or text", "self.all(x, true)", list({ "x-kubernetes-int-or-string": true }), 4718591],
    ["all durations", "self.all(x, true)", list(of("duration")), 2359295],
    ["all dates", "self.all(x, true)", list(of("date")), 725936],
    ["all times", "self.all(x, true)", list(of("date-time")), 428963],
    ["all of a map of numbers", "self.all(x, true)", map(number), 1348169],
    ["all of a map of texts", "self.all(x, true)", map(text()), 1179647],
    ["all of three", "self.all(x, true)", map(text(3), 3), 11],
    ["all of a map of booleans", "self.all(x, true)", map(boolean), 943718],
    ["all of a map of times", "self.all(x, true)", map(of("date-time")), 349526],
    ["contains", "self.contains('test')", text(), 314574],
    ["contains, of ten", "self.contains('test')", text(10), 5],
    ["startsWith", "self.startsWith('test')", text(), 2],
    ["a sum of texts", 'size(self + "hello") > size("hello")', text(), 314578],
    ["a sum of short texts", 'size(self + "hello") > size("hello")', text(4), 7],
    ["a number compared", "self[1] == 0.0", list(number), 2],
    ["texts compared", "self[1] == self[1]", list(text()), 314577],
    ["squared", "self.all(x, self.all(y, true))", list(number, 10), 352],
    ["cubed", "self.all(x, self.all(y, self.all(z, true)))", list(number, 10), 3552],
    ["a pattern", 'self.matches("x")', text(), 314574],
    ["a pattern on a bounded text", 'self.matches("x")', text(50), 22],
    ["an empty pattern", 'self.matches("")', text(), 1],
    ["each compared", "self.all(x, x == 0.0)", list(number), 6291454],
    ["more than a request holds", "self.all(x, x == 0.0)", list(number, 6 * 1024 * 1024), 25165826],
    ["an int or a text compared", "self[0] == 5", list({ "x-kubernetes-int-or-string": true }), 3],
    ["a boolean compared", "self[0] == false", list(boolean), 2],
    ["a value of a map compared", "self[0].x > 2.0", list(map(number)), 4],
    ["a duration's hours", "self[0].getHours() == 2", list(of("duration")), 4],
    ["find", "self.find('[0-9]+') == ''", text(), 629147],
    ["find, of ten", "self.find('[0-9]+') == ''", text(10), 11],
    ["join", "self.join(' ') == 'aa bb'", list(text()), 329853068905],
    ["join, of ten", "self.join(' ') == 'aa bb'", list(text(10), 10), 43],
    ["isSorted", "self.isSorted() == true", list(text()), 329854432052],
    ["isSorted, of ten", "self.isSorted() == true", list(text(10), 10), 52],
    ["lowerAscii", "self.lowerAscii() == 'lower!'", text(), 314575],
    ["size", "oldSelf.size() == self.size()", map({ type: "integer" }), 5],
    ["times compared", 'self["a"] == self["b"]', map(of("date-time")), 8],
    ["an enum", "self.contains('A')", { type: "string", enum: ["A", "LongValue"] }, 2],
    ["an enum that is bounded, too", "self.contains('A')", { type: "string", enum: ["A", "LongValue"], maxLength: 1000 }, 401],
  ])("%s: %s", (_what, rule, schema, cost) => {
    expect(costOf(rule, schema)).toBe(cost);
  });

  it.each<[string, JsonSchema]>([
    ["self.all(x, self.all(y, true))", list(number)],
    ["self.map(x, x.upperAscii()).exists(x, x == 'A')", list(text())],
    ["self.filter(x, x.contains('a')).all(x, x.matches('^[a-z]+$'))", list(text())],
  ])("too much: %s", (rule, schema) => {
    expect(costOf(rule, schema)).toBeGreaterThan(10_000_000);
  });
});

describe("how often a value fits into a request", () => {
  it.each<[string, JsonSchema, number]>([["numbers", number, 1572864], ["texts", text(), 1048576], ["objects", object, 185042]])("%s", (_what, schema, count) => {
    expect(mostInRequest(schema)).toBe(count);
  });
});
