/**
 * `x-kubernetes-validations`: rules in CEL, at every depth of the schema.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
import { isEqual, isRecord } from "../../../protocol/kubernetes/equal.ts";
import { Budget, perCallLimit, perObjectLimit } from "../../cel/budget.ts";
import type { CelType, Program } from "../../cel/cel.ts";
import { loadedCel } from "../../cel/load.ts";
import type { FieldError } from "../resource.ts";
import { duplicate, forbidden, invalid, required } from "../rules/field-errors.ts";
import { asResource, celTypeOf, visibleTo } from "./cel-types.ts";
import { entrySchema, propertyOf, type JsonSchema, type ValidationRule } from "./json-schema.ts";
import { keyOfItem } from "./list-types.ts";

/** Errors of all rules. `previous` undefined: a new object, or one that cannot be compared. */
export function ruleErrors(value: unknown, schema: JsonSchema, previous?: unknown): FieldError[] {
  if (!hasRules(schema)) return [];
  const walk: Walk = { errors: [], left: perObjectLimit };
  evaluateAt(walk, value, rootOf(schema), { path: "", previous });
  return walk.errors;
}

interface Walk {
  errors: FieldError[];
  /** Of the budget; below zero nothing is evaluated any more. */
  left: number;
}

interface Place {
  path: string;
  previous: unknown;
}

/** The schema of a whole object: with the metadata that every one has. */
const roots = new WeakMap<JsonSchema, JsonSchema>();

export function rootOf(schema: JsonSchema): JsonSchema {
  const known = roots.get(schema) ?? asResource(schema);
  roots.set(schema, known);
  return known;
}

const withRules = new WeakMap<JsonSchema, boolean>();

export function hasRules(schema: JsonSchema): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  const inner = [...Object.values(schema.properties ?? {}), schema.items, entrySchema(schema), ...(schema.allOf ?? [])];
  const found = (schema["x-kubernetes-validations"] ?? []).length > 0 || inner.some((one) => one !== undefined && hasRules(one));
  withRules.set(schema, found);
  return found;
}

function evaluateAt(walk: Walk, value: unknown, schema: JsonSchema, { path, previous }: Place): void {
  if (walk.left < 0 || value === null || value === undefined || !hasRules(schema)) return;
  evaluateRules(walk, value, schema, { path, previous });
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    const isMap = schema["x-kubernetes-list-type"] === "map" && Array.isArray(previous);
    const before = new Map(isMap ? previous.map((item: unknown) => [keyOfItem(item, schema), item]) : []);
    value.forEach((item, at) => evaluateAt(walk, item, items, { path: `${path}[${at}]`, previous: before.get(keyOfItem(item, schema)) }));
  } else if (isRecord(value)) {
    const before = isRecord(previous) && schema["x-kubernetes-map-type"] !== "atomic" ? previous : {};
    const entries = entrySchema(schema);
    for (const [name, one] of Object.entries(value)) {
      const property = propertyOf(schema, name);
      const inner = property === undefined ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
      const known = property ?? entries;
      if (known !== undefined) evaluateAt(walk, one, known, { path: inner, previous: before[name] });
    }
  }
}

function evaluateRules(walk: Walk, value: unknown, schema: JsonSchema, place: Place): void {
  const compiled = compiledRules(schema);
  if (compiled.length === 0) return;
  const cel = loadedCel();
  const type = celTypeOf(schema) ?? "dyn";
  const self = cel.value(visibleTo(value, schema), type);
  const old = place.previous === undefined || place.previous === null ? undefined : cel.value(visibleTo(place.previous, schema), type);
  for (const rule of compiled) {
    if (walk.left < 0) return;
    const isOptional = rule.source.optionalOldSelf === true;
    if (rule.usesOldSelf && old === undefined && !isOptional) continue;
    evaluateRule(walk, rule, { self, ...(rule.usesOldSelf ? { oldSelf: isOptional ? cel.optional(old) : old } : {}) }, { value, schema, place });
  }
}

interface Subject {
  value: unknown;
  schema: JsonSchema;
  place: Place;
}

function evaluateRule(walk: Walk, rule: CompiledRule, bindings: Record<string, unknown>, { value, schema, place }: Subject): void {
  const { path, previous } = place;
  const fail = (detail: string) => walk.errors.push(invalid(fieldAt(path), schema.type ?? "", detail));
  if ("error" in rule.program) return void fail(`rule compile error: ${rule.program.error}`);
  const result = evaluate(walk, rule.program, bindings);
  const said = (rule.source.message ?? "") === "" ? rule.source.rule.trim() : (rule.source.message ?? "").trim();
  if ("error" in result) {
    if (walk.left < 0) fail("validation failed due to running out of cost budget, no further validation rules will be run");
    else if (result.isOverBudget) {
      fail(`'${result.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${said}`);
      walk.left = -1;
    } else if (result.error.startsWith("no such overload")) {
      fail(`'${result.error}': call arguments did not match a supported operator, function or macro signature for rule: ${said}`);
    } else fail(`${result.error} evaluating rule: ${said}`);
    return;
  }
  if (result.value === true) return;
  // What the update did not touch, and a stricter rule now dislikes, stays.
  if (!rule.usesOldSelf && previous !== undefined && isEqual(value, previous)) return;
  walk.errors.push(errorOf(rule.source, fieldAt(path, rule.source.fieldPath), schema.type ?? "", messageOf(walk, rule, bindings) ?? (rule.source.message ? said : `failed rule: ${said}`)));
}

/** The root has no name. */
const fieldAt = (path: string, inner = ""): string => `${path}${inner}`.replace(/^\./, "") || "<nil>";

function evaluate(walk: Walk, program: Program, bindings: Record<string, unknown>): ReturnType<Program["evaluate"]> {
  const limit = Math.min(perCallLimit, walk.left);
  const budget = new Budget(limit);
  const result = program.evaluate(bindings, budget);
  walk.left -= limit - budget.left;
  return result;
}

const longestMessage = 5 * 1024;

/** Undefined: there is no expression, or it does not yield a line of text. */
function messageOf(walk: Walk, { message }: CompiledRule, bindings: Record<string, unknown>): string | undefined {
  if (message === undefined || "error" in message) return undefined;
  const result = evaluate(walk, message, bindings);
  if ("error" in result || typeof result.value !== "string") return undefined;
  const text = result.value.trim();
  return text === "" || text.length > longestMessage || text.includes("\n") ? undefined : text;
}

function errorOf({ reason }: ValidationRule, path: string, type: string, detail: string): FieldError {
  switch (reason) {
    case "FieldValueForbidden":
      return forbidden(path, detail);
    case "FieldValueRequired":
      return required(path, detail);
    case "FieldValueDuplicate":
      return duplicate(path, type);
    default:
      return invalid(path, type, detail);
  }
}

export interface CompiledRule {
  source: ValidationRule;
  usesOldSelf: boolean;
  program: Program | { error: string };
  message?: Program | { error: string };
}

const compiled = new WeakMap<JsonSchema, CompiledRule[]>();

/** Of this level of the schema alone. */
export function compiledRules(schema: JsonSchema): CompiledRule[] {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const made = (schema["x-kubernetes-validations"] ?? []).map((rule) => compileRule(rule, celTypeOf(schema) ?? "dyn"));
  compiled.set(schema, made);
  return made;
}

const namesOldSelf = (expression: string): boolean => /\boldSelf\b/.test(expression.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""'));

function compileRule(source: ValidationRule, type: CelType): CompiledRule {
  const { rule, messageExpression = "", optionalOldSelf = false } = source;
  const usesOldSelf = namesOldSelf(rule) || namesOldSelf(messageExpression);
  const old: CelType = optionalOldSelf ? { optional: type } : type;
  const environment = loadedCel().environment({ self: type, ...(usesOldSelf ? { oldSelf: old } : {}) });
  return {
    source,
    usesOldSelf,
    program: environment.compile(rule),
    ...(messageExpression === "" ? {} : { message: environment.compile(messageExpression) }),
  };
}
