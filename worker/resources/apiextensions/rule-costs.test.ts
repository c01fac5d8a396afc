import { beforeAll, describe, expect, it } from "vitest";
import { loadCel } from "../../cel/load.ts";
import type { CustomResourceDefinition, JsonSchema } from "../custom/json-schema.ts";
import { definitionCostErrors, definitionErrors } from "./definition-rules.ts";
import { costErrors } from "./rule-costs.ts";

beforeAll(async () => void (await loadCel()));

const rule = (text: string, messageExpression?: string) => ({ "x-kubernetes-validations": [{ rule: text, ...(messageExpression === undefined ? {} : { messageExpression }) }] });
const texts = (more: object = {}): JsonSchema => ({ type: "array", items: { type: "string" }, ...more });
const root = (properties: Record<string, JsonSchema>): JsonSchema => ({ type: "object", properties });
const said = (schema: JsonSchema) => costErrors(schema, "s").map(({ path, message }) => `${path}: ${message.replace(/ \(try.*/, "")}`);
const contributed = "Forbidden: contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema";
const total = (factor: string) => `s: Forbidden: x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema exceeds budget by factor of ${factor}`;

describe("a schema's rules", () => {
  it.each<[string, JsonSchema, string[]]>([
    ["that are cheap are let be", root({ a: texts({ maxItems: 10, ...rule("self.all(x, x != '')") }) }), []],
    ["that are too dear, and bounded, say by how much", root({ a: { type: "array", maxItems: 1000, items: { type: "string", maxLength: 10000, ...rule("self.contains('abcdefghijklmnopqrstuvwxyz')") } } }), ["s.properties[a].items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of 1.200100x"]],
    ["count as often as a map's values", root({ a: { type: "object", maxProperties: 2000, additionalProperties: { type: "string", maxLength: 10000, ...rule("self.contains('abcdefghijklmnopqrstuvwxyz')") } } }), ["s.properties[a].additionalProperties.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of 2.4x"]],
    ["have messages that cost, too", root({ a: texts({ ...rule("true", "self.map(x, x.upperAscii()).join('')") }) }), [
      "s.properties[a].x-kubernetes-validations[0].messageExpression: Forbidden: estimated messageExpression cost exceeds budget by factor of more than 100x",
      `s.properties[a].x-kubernetes-validations[0].messageExpression: ${contributed}`,
      total("more than 100x"),
    ]],
    ["may be too much together", root(Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`a${at}`, texts({ ...rule("self.all(x, x.size() < 10) && self.size() > 0") })]))), [
      ...[0, 1, 2, 3].map((at) => `s.properties[a${at}].x-kubernetes-validations[0].rule: ${contributed}`),
      total("1.069547x"),
    ]],
  ])("%s", (_what, schema, errors) => {
    expect(said(schema)).toEqual(errors);
  });

  it("of a definition are estimated when their schema is new, and no more when it stays", () => {
    const definition = (a: JsonSchema): CustomResourceDefinition => ({
      metadata: { name: "as.example.com" },
      spec: { group: "example.com", scope: "Cluster", names: { plural: "as", singular: "a", kind: "A", listKind: "AList" }, versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: root({ a }) } }] },
    });
    const dear = () => definition(texts(rule("self.all(x, self.all(y, x == y))")));
    const errorsOf = (next: CustomResourceDefinition, previous?: CustomResourceDefinition) => {
      expect(definitionErrors(next)).toEqual([]);
      return definitionCostErrors(next, previous).length;
    };
    expect([errorsOf(dear()), errorsOf(dear(), dear()), errorsOf(dear(), definition(texts()))]).toEqual([3, 0, 3]);
  });
});
