/** The library, with Kubernetes' functions, as ./cel.ts offers it. Loaded by ./load.ts alone. */
import { Environment, Optional, type ParseResult } from "@marcbachmann/cel-js";
import { OverBudget, type Budget } from "./budget.ts";
import type { Cel, CelEnvironment, CelType, Compiled, EnvironmentOptions, Evaluation } from "./cel.ts";
import { costOf } from "./cost.ts";
import { compileErrorText, evaluationErrorText } from "./errors.ts";
import { registerAddresses } from "./library/addresses.ts";
import { authorizerType, authorizerValue, registerAuthorizer } from "./library/authorizer.ts";
import { registerFormats } from "./library/formats.ts";
import { registerLists } from "./library/lists.ts";
import { registerQuantities } from "./library/quantities.ts";
import { registerRegularExpressions, withOwnMatches } from "./library/regular-expressions.ts";
import { registerSemanticVersions } from "./library/semantic-versions.ts";
import { registerSets } from "./library/sets.ts";
import { registerStrings } from "./library/strings.ts";
import { registerTimes } from "./library/times.ts";
import { registerUrls } from "./library/urls.ts";
import { withCheckedHas } from "./known-fields.ts";
import { registerMacros } from "./macros.ts";
import { rewriteMessageLiterals, type Rewritten } from "./message-literals.ts";
import { messageType, misnamedMessages, registerMessages } from "./messages.ts";
import { patternOf } from "./regular-expressions.ts";
import { celValue, jsonOf } from "./values.ts";

const libraries = [
  registerAddresses, registerAuthorizer, registerFormats, registerLists, registerMacros, registerQuantities, registerRegularExpressions,
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
function environment(variables: Record<string, CelType>, { hasMessages = false }: EnvironmentOptions = {}): CelEnvironment {
  const checking = kubernetes().clone();
  const evaluating = kubernetes().clone();
  if (hasMessages) {
    registerMessages(checking, true);
    registerMessages(evaluating, false);
  }
  const rewrite = hasMessages ? rewriteMessageLiterals : asWritten;
  return extended({ checking, evaluating, rewrite, names: { count: 0, known: new Map() } }, variables);
}

interface Environments {
  checking: Environment;
  evaluating: Environment;
  rewrite(expression: string): Rewritten;
  names: TypeNames;
}

/** The library's names of the types of objects that are declared. */
interface TypeNames {
  count: number;
  known: ReadonlyMap<CelType, string>;
}

/** Declares in both, which nobody else may use. */
function extended({ checking, evaluating, rewrite, names }: Environments, variables: Record<string, CelType>): CelEnvironment {
  const declared = { count: names.count, known: new Map(names.known) };
  for (const [name, type] of Object.entries(variables)) {
    checking.registerVariable(name, nameOfType(type, checking, declared));
    evaluating.registerVariable(name, "dyn");
  }
  countSteps(evaluating);
  return {
    compile: (expression) => compile({ checking, evaluating, rewrite }, expression),
    with: (more) => extended({ checking: checking.clone(), evaluating: evaluating.clone(), rewrite, names: declared }, more),
  };
}

/** Those of objects are declared on the way. */
function nameOfType(type: CelType, target: Environment, declared: { count: number; known: Map<CelType, string> }): string {
  const nameOf = (inner: CelType) => nameOfType(inner, target, declared);
  if (type === "timestamp") return "google.protobuf.Timestamp";
  if (type === "duration") return "google.protobuf.Duration";
  if (type === "authorizer") return authorizerType;
  if (typeof type === "string") return type;
  if ("list" in type) return `list<${nameOf(type.list)}>`;
  if ("map" in type) return `map<string, ${nameOf(type.map)}>`;
  if ("optional" in type) return `optional<${nameOf(type.optional)}>`;
  const known = declared.known.get(type);
  if (known !== undefined) return known;
  const fields = Object.fromEntries(Object.entries(type.object).map(([name, field]) => [name, nameOf(field)]));
  const name = `object${declared.count++}`;
  declared.known.set(type, name);
  target.registerType(name, { fields });
  // Only for the check: objects, and absent ones, may be compared.
  target.registerOperator(`${name} == ${name}`, () => false).registerOperator(`${name} == null`, () => false);
  return name;
}

const longestExpression = 256 * 1024;

const asWritten = (expression: string): Rewritten => ({ text: expression, originOf: (at) => at });

function compile({ checking, evaluating, rewrite }: Omit<Environments, "names">, expression: string): Compiled {
  if (expression.length > longestExpression) return { error: "compilation failed: expression is too long" };
  let rewritten = asWritten(expression);
  const failed = (error: unknown) => ({ error: compileErrorText(error, expression, rewritten.originOf) });
  try {
    rewritten = rewrite(expression);
    const forCheck = parse(checking, rewritten.text);
    withCheckedHas(forCheck.ast);
    const checked = forCheck.check();
    if (!checked.valid) return failed(checked.error);
    const program = parse(evaluating, rewritten.text);
    const again = program.check();
    if (!again.valid) return failed(again.error);
    return {
      type: checked.type ?? "dyn",
      cost: (sizes) => costOf(program.ast, sizes),
      evaluate: (bindings, budget) => evaluate(program, bindings, budget),
    };
  } catch (error) {
    return failed(error);
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
  authorizer: authorizerValue,
  messageType,
  misnamedMessages,
};
