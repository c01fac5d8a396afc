/** What the rules of a schema may cost at worst, refused as upstream refuses it when a definition is written. */
import { mostInRequest, sizesOf } from "../custom/sizes.ts";
import { entrySchema, type JsonSchema } from "../custom/json-schema.ts";
import { compiledRules, hasRules, rootOf, type CompiledRule } from "../custom/rules.ts";
import type { FieldError } from "../resource.ts";
import { forbidden } from "../rules/field-errors.ts";
import { innerOf } from "./schema-rules.ts";

const ruleLimit = 10_000_000;
const schemaLimit = 100_000_000;
const mostNamed = 4;

/** Of a structural schema. */
export function costErrors(schema: JsonSchema, path: string): FieldError[] {
  const costs = new RuleCosts();
  return [...costs.observeAll(rootOf(schema), path, 1), ...costs.totalErrors(path)];
}

/** How often what is inside a schema's value may be there, if that is there so often; Infinity: nothing bounds it. */
function cardinalityBelow(schema: JsonSchema, cardinality: number): number {
  if (schema.type === "array") return cardinality * (schema.maxItems ?? Infinity);
  return entrySchema(schema) === undefined ? cardinality : cardinality * (schema.maxProperties ?? Infinity);
}

class RuleCosts {
  #total = 0;
  #most: { path: string; cost: number }[] = [];

  observeAll(schema: JsonSchema, path: string, cardinality: number): FieldError[] {
    if (!hasRules(schema)) return [];
    const below = cardinalityBelow(schema, cardinality);
    const own = compiledRules(schema).flatMap((rule, index) => this.#observe(rule, schema, { at: `${path}.x-kubernetes-validations[${index}]`, cardinality }));
    return [...own, ...innerOf(schema, path).flatMap(([inner, at]) => this.observeAll(inner, at, below))];
  }

  /** `at`: the path of the rule's entry. */
  #observe({ program, message }: CompiledRule, schema: JsonSchema, { at, cardinality }: { at: string; cardinality: number }): FieldError[] {
    const self = sizesOf(schema);
    const sizes = { self, oldSelf: self };
    const errors: FieldError[] = [];
    if (!("error" in program)) {
      const cost = program.cost(sizes) * (Number.isFinite(cardinality) ? cardinality : mostInRequest(schema));
      errors.push(...this.#add(`${at}.rule`, "estimated rule cost", cost));
    }
    if (message !== undefined && !("error" in message)) errors.push(...this.#add(`${at}.messageExpression`, "estimated messageExpression cost", message.cost(sizes)));
    return errors;
  }

  /** Of all together. */
  totalErrors(path: string): FieldError[] {
    if (this.#total <= schemaLimit) return [];
    const contributors = this.#most.map((one) => forbidden(one.path, "contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema"));
    return [...contributors, forbidden(path, exceeds("x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema", this.#total, schemaLimit))];
  }

  #add(path: string, what: string, cost: number): FieldError[] {
    this.#total += cost;
    // As upstream: who adds less than a hundredth is not named.
    if (cost >= schemaLimit / 100) this.#most = [...this.#most, { path, cost }].toSorted((left, right) => right.cost - left.cost).slice(0, mostNamed);
    return cost > ruleLimit ? [forbidden(path, exceeds(what, cost, ruleLimit))] : [];
  }
}

function exceeds(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const text = factor > 100 ? "more than 100x" : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
