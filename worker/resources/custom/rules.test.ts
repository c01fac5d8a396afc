import { beforeAll, describe, expect, it } from "vitest";
import { loadCel } from "../../cel/load.ts";
import type { JsonSchema, ValidationRule } from "./json-schema.ts";
import { ruleErrors } from "./rules.ts";

beforeAll(async () => void (await loadCel()));

const said = (value: unknown, schema: JsonSchema, previous?: unknown) => ruleErrors(value, schema, previous).map(({ path, message }) => `${path}: ${message}`);
const ruled = (schema: JsonSchema, ...rules: ValidationRule[]): JsonSchema => ({ ...schema, "x-kubernetes-validations": rules });
const number: JsonSchema = { type: "integer" };
const spec = (inner: JsonSchema): JsonSchema => ({ type: "object", properties: { spec: inner } });
const pair = { type: "object", properties: { min: number, max: number } };

describe("a rule", () => {
  it.each<[string, unknown, JsonSchema, string[]]>([
    ["that holds says nothing", { spec: { min: 1, max: 2 } }, spec(ruled(pair, { rule: "self.min <= self.max" })), []],
    ["that does not says itself", { spec: { min: 3, max: 2 } }, spec(ruled(pair, { rule: "self.min <= self.max" })), ['spec: Invalid value: "object": failed rule: self.min <= self.max']],
    ["may have a message", { spec: { min: 3, max: 2 } }, spec(ruled(pair, { rule: "self.min <= self.max", message: "too low" })), ['spec: Invalid value: "object": too low']],
    ["may compute its message", { spec: { min: 3, max: 2 } }, spec(ruled(pair, { rule: "self.min <= self.max", messageExpression: "string(self.min) + ' is too much'" })), ['spec: Invalid value: "object": 3 is too much']],
    ["may name the field", { spec: { min: 3, max: 2 } }, spec(ruled(pair, { rule: "self.min <= self.max", fieldPath: ".max", reason: "FieldValueForbidden", message: "no" })), ["spec.max: Forbidden: no"]],
    ["that fails says why", { spec: { min: 3 } }, spec(ruled(pair, { rule: "self.min <= self.max" })), ['spec: Invalid value: "object": no such key: max evaluating rule: self.min <= self.max']],
    ["judges each item", { spec: [1, 20, 30] }, spec({ type: "array", items: ruled(number, { rule: "self < 10", message: "too much" }) }), ['spec[1]: Invalid value: "integer": too much', 'spec[2]: Invalid value: "integer": too much']],
    ["judges each value of a map", { spec: { a: 20 } }, spec({ type: "object", additionalProperties: ruled(number, { rule: "self < 10", message: "too much" }) }), ['spec[a]: Invalid value: "integer": too much']],
    ["on a change is not asked of what is new", { spec: { min: 1 } }, spec(ruled(pair, { rule: "self.min == oldSelf.min" })), []],
    ["may be asked of what is new, too", { spec: { min: 1 } }, spec(ruled(pair, { rule: "!oldSelf.hasValue()", optionalOldSelf: true })), []],
  ])("%s", (_what, value, schema, errors) => {
    expect(said(value, schema)).toEqual(errors);
  });

  it.each<[string, unknown, unknown, JsonSchema, string[]]>([
    ["of a change compares", { spec: { min: 1 } }, { spec: { min: 2 } }, spec(ruled(pair, { rule: "self.min == oldSelf.min", message: "fixed" })), ['spec: Invalid value: "object": fixed']],
    ["that is not kept is let be where nothing changed", { spec: { min: 3, max: 2 }, x: 1 }, { spec: { min: 3, max: 2 } }, spec(ruled(pair, { rule: "self.min <= self.max" })), []],
    ["is asked again of what changed", { spec: { min: 4, max: 2 } }, { spec: { min: 3, max: 2 } }, spec(ruled(pair, { rule: "self.min <= self.max", message: "too low" })), ['spec: Invalid value: "object": too low']],
    ["finds items again by their keys", { spec: [{ name: "b", n: 2 }, { name: "a", n: 1 }] }, { spec: [{ name: "a", n: 1 }, { name: "b", n: 1 }] },
      spec({ type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], items: ruled({ type: "object", properties: { name: { type: "string" }, n: number } }, { rule: "self.n == oldSelf.n", message: "fixed" }) }), ['spec[0]: Invalid value: "object": fixed']],
  ])("%s", (_what, value, previous, schema, errors) => {
    expect(said(value, schema, previous)).toEqual(errors);
  });

  it("may not go on for ever", () => {
    const schema = ruled({ type: "object", properties: { l: { type: "array", items: number } } }, { rule: "self.l.all(x, self.l.all(y, self.l.all(z, x + y + z >= 0)))" });
    expect(said({ l: Array.from({ length: 200 }, (_, at) => at) }, schema)[0]).toContain("no further validation rules will be run due to call cost exceeds limit for rule: self.l.all");
  });
});
