/** The library, with Kubernetes' functions, as ./cel.ts offers it. Loaded by ./load.ts alone. */
import { Environment, Optional, type ParseResult } from "@marcbachmann/cel-js";
import { OverBudget, type Budget } from "./budget.ts";
import type { Cel, CelEnvironment, CelType, Compiled, Evaluation } from "./cel.ts";
import { compileErrorText, evaluationErrorText } from "./errors.ts";
import { registerAddresses } from "./library/addresses.ts";
import { registerFormats } from "./library/formats.ts";
import { registerLists } from "./library/lists.ts";
import { registerQuantities } from "./library/quantities.ts";
import { registerRegularExpressions, withOwnMatches } from "./library/regular-expressions.ts";
import { registerSemanticVersions } from "./library/semantic-versions.ts";
import { registerSets } from "./library/sets.ts";
import { registerStrings } from "./library/strings.ts";
import { registerTimes } from "./library/times.ts";
import { registerUrls } from "./library/urls.ts";
import { registerMacros } from "./macros.ts";
import { patternOf } from "./regular-expressions.ts";
import { celValue, jsonOf } from "./values.ts";

const libraries = [
  registerAddresses, registerFormats, registerLists, registerMacros, registerQuantities, registerRegularExpressions,
  registerSemanticVersions, registerSets, registerStrings, registerTimes, registerUrls,
];

let whole: Environment | undefined;

function kubernetes(): Environment {
  if (whole !== undefined) return whole;
  whole = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  for (const register of libraries) register(whole);
  whole.registerFunction("kedgeEvaluator(ast): int", evaluatorMacro);
  return whole;
}

/** The part of the library's evaluator through which every step passes. */
interface Evaluator {
  run(node: unknown, context: unknown): unknown;
}

let captured: Evaluator | undefined;
/** What the running evaluation may still cost. */
let spending: Budget | undefined;

/** An expression of ours gets hold of the evaluator: the library counts nothing, and says no other way. */
const evaluatorMacro = () => ({
  async: false,
  typeCheck: (checker: { getType(name: string): unknown }) => checker.getType("int"),
  evaluate(evaluator: Evaluator) {
    captured = evaluator;
    return 0n;
  },
});

function countSteps(environment: Environment): void {
  environment.evaluate("kedgeEvaluator(0)", {});
  const evaluator = captured;
  if (evaluator === undefined) throw new Error("the CEL library hands out no evaluator");
  const run = evaluator.run.bind(evaluator);
  evaluator.run = (node, context) => {
    spending?.spend(1);
    const value = run(node, context);
    if (typeof value === "string" || Array.isArray(value)) spending?.spend(value.length / 10);
    return value;
  };
}

/**
 * Two environments: one knows the types and only checks; in the other every variable is dynamic, and evaluates, so that
 * plain objects are values as they are.
 */
function environment(variables: Record<string, CelType>): CelEnvironment {
  const checking = kubernetes().clone();
  const evaluating = kubernetes().clone();
  const typeNames = namesOfTypes(checking);
  for (const [name, type] of Object.entries(variables)) {
    checking.registerVariable(name, typeNames(type));
    evaluating.registerVariable(name, "dyn");
  }
  countSteps(evaluating);
  return { compile: (expression) => compile(checking, evaluating, expression) };
}

/** The library's name of a type; those of objects are declared on the way. */
function namesOfTypes(target: Environment): (type: CelType) => string {
  let count = 0;
  const nameOf = (type: CelType): string => {
    if (type === "timestamp") return "google.protobuf.Timestamp";
    if (type === "duration") return "google.protobuf.Duration";
    if (typeof type === "string") return type;
    if ("list" in type) return `list<${nameOf(type.list)}>`;
    if ("map" in type) return `map<string, ${nameOf(type.map)}>`;
    if ("optional" in type) return `optional<${nameOf(type.optional)}>`;
    const fields = Object.fromEntries(Object.entries(type.object).map(([name, field]) => [name, nameOf(field)]));
    const name = `object${count++}`;
    target.registerType(name, { fields });
    // Only for the check: objects, and absent ones, may be compared.
    target.registerOperator(`${name} == ${name}`, () => false).registerOperator(`${name} == null`, () => false);
    return name;
  };
  return nameOf;
}

const longestExpression = 256 * 1024;

function compile(checking: Environment, evaluating: Environment, expression: string): Compiled {
  if (expression.length > longestExpression) return { error: "compilation failed: expression is too long" };
  try {
    const checked = parse(checking, expression).check();
    if (!checked.valid) return { error: compileErrorText(checked.error, expression) };
    const program = parse(evaluating, expression);
    const again = program.check();
    if (!again.valid) return { error: compileErrorText(again.error, expression) };
    return { type: checked.type ?? "dyn", evaluate: (bindings, budget) => evaluate(program, bindings, budget) };
  } catch (error) {
    return { error: compileErrorText(error, expression) };
  }
}

function parse(target: Environment, expression: string): ParseResult {
  const parsed = target.parse(expression);
  withOwnMatches(parsed.ast);
  return parsed;
}

function evaluate(program: ParseResult, bindings: Record<string, unknown>, budget: Budget): Evaluation {
  const outer = spending;
  spending = budget;
  try {
    const value: unknown = program(bindings);
    // Logical operators swallow errors of one side; this one counts all the same.
    return budget.isSpent ? overBudget : { value };
  } catch (error) {
    return budget.isSpent || error instanceof OverBudget ? overBudget : { error: evaluationErrorText(error), isOverBudget: false };
  } finally {
    spending = outer;
  }
}

const overBudget: Evaluation = { error: new OverBudget().message, isOverBudget: true };

export const cel: Cel = {
  environment,
  pattern(text) {
    try {
      return patternOf(text);
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  },
  value: celValue,
  json: jsonOf,
  optional: (value) => (value === undefined ? Optional.none() : Optional.of(value)),
};
