/** Comprehensions of two variables (cel-go's `ext.TwoVarComprehensions`), and `optMap`. */
import { Optional, type Environment, type ASTNode } from "@marcbachmann/cel-js";

/** Parts of the library's inside that a macro is handed. */
interface Type {
  kind: string;
  keyType?: Type;
  valueType?: Type;
}

interface Context {
  forkWithVariable(name: string, type: Type): Context;
  reuse(parent: Context): Context;
  setIterValue(value: unknown, evaluator: Evaluator): Context;
}

interface Checker {
  check(node: ASTNode, context: Context): Type;
  getType(name: string): Type;
}

interface Evaluator {
  run(node: ASTNode, context: Context): unknown;
}

interface MacroCall {
  args: ASTNode[];
  receiver: ASTNode;
}

type Pair = [key: unknown, value: unknown];
/** Runs the n-th expression for one pair. */
type Run = (expression: number) => unknown;

interface TwoVariables {
  type: string;
  evaluate(pairs: Pair[], bind: (pair: Pair) => Run): unknown;
}

const isTrue = (value: unknown): boolean => value === true;

const quantifiers: Record<string, TwoVariables> = {
  all: { type: "bool", evaluate: (pairs, bind) => pairs.every((pair) => isTrue(bind(pair)(0))) },
  exists: { type: "bool", evaluate: (pairs, bind) => pairs.some((pair) => isTrue(bind(pair)(0))) },
  existsOne: { type: "bool", evaluate: (pairs, bind) => pairs.filter((pair) => isTrue(bind(pair)(0))).length === 1 },
};

const transforms: Record<string, TwoVariables> = {
  transformList: { type: "list", evaluate: (pairs, bind) => kept(pairs, bind).map(([, value]) => value) },
  transformMap: { type: "map", evaluate: (pairs, bind) => Object.fromEntries(kept(pairs, bind).map(([key, value]) => [String(key), value])) },
  transformMapEntry: { type: "map", evaluate: (pairs, bind) => Object.assign({}, ...kept(pairs, bind).map(([, value]) => value)) as object },
};

/** With one expression all pairs are transformed, with two those for which the first is true. */
function kept(pairs: Pair[], bind: (pair: Pair) => Run & { count?: number }): Pair[] {
  return pairs.flatMap((pair): Pair[] => {
    const run = bind(pair);
    const last = (run.count ?? 1) - 1;
    return last === 0 || isTrue(run(0)) ? [[pair[0], run(last)]] : [];
  });
}

export function registerMacros(environment: Environment): void {
  for (const [name, macro] of Object.entries(quantifiers)) environment.registerFunction(`list.${name}(ast, ast, ast): bool`, twoVariables(macro));
  for (const [name, macro] of Object.entries(transforms)) {
    environment.registerFunction(`list.${name}(ast, ast, ast): ${macro.type}`, twoVariables(macro));
    environment.registerFunction(`list.${name}(ast, ast, ast, ast): ${macro.type}`, twoVariables(macro));
  }
  environment.registerFunction("optional.optMap(ast, ast): optional", optionalMap((value) => Optional.of(value)));
  environment.registerFunction("optional.optFlatMap(ast, ast): optional", optionalMap((value) => value));
  environment.registerFunction("OptionalNamespace.ofNonZeroValue(dyn): optional", (_namespace: unknown, value: unknown) =>
    isZero(value) ? Optional.none() : Optional.of(value));
}

function twoVariables(macro: TwoVariables) {
  return ({ args, receiver }: MacroCall) => {
    const [first, second] = [variableName(args[0]), variableName(args[1])];
    const expressions = args.slice(2);
    let outer: Context;
    let inner: Context;
    return {
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: Context) {
        const type = checker.check(receiver, context);
        const dyn = checker.getType("dyn");
        outer = context.forkWithVariable(first, type.kind === "list" ? checker.getType("int") : (type.keyType ?? dyn));
        inner = outer.forkWithVariable(second, type.valueType ?? dyn);
        for (const expression of expressions) checker.check(expression, inner);
        return checker.getType(macro.type);
      },
      evaluate(evaluator: Evaluator, _macro: unknown, context: Context) {
        const pairs = pairsOf(evaluator.run(receiver, context));
        const bind = ([key, value]: Pair) => {
          const place = inner.reuse(outer.reuse(context).setIterValue(key, evaluator)).setIterValue(value, evaluator);
          return Object.assign((at: number) => evaluator.run(expressions[at]!, place), { count: expressions.length }); // callers count
        };
        return macro.evaluate(pairs, bind);
      },
    };
  };
}

function optionalMap(wrap: (value: unknown) => unknown) {
  return ({ args, receiver }: MacroCall) => {
    const [name, expression] = [variableName(args[0]), args[1]!]; // the signature has two
    let scope: Context;
    return {
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: Context) {
        scope = context.forkWithVariable(name, checker.check(receiver, context).valueType ?? checker.getType("dyn"));
        checker.check(expression, scope);
        return checker.getType("optional");
      },
      evaluate(evaluator: Evaluator, _macro: unknown, context: Context) {
        const optional = evaluator.run(receiver, context);
        if (!(optional instanceof Optional) || !optional.hasValue()) return Optional.none();
        return wrap(evaluator.run(expression, scope.reuse(context).setIterValue(optional.value(), evaluator)));
      },
    };
  };
}

function variableName(node: ASTNode | undefined): string {
  if (node?.op !== "id") throw new Error("argument must be a simple name");
  return node.args;
}

function pairsOf(collection: unknown): Pair[] {
  if (Array.isArray(collection)) return collection.map((value, at): Pair => [BigInt(at), value]);
  if (collection instanceof Map) return [...(collection as Map<unknown, unknown>)];
  if (typeof collection === "object" && collection !== null) return Object.entries(collection);
  throw new Error("expression of that type cannot be range of a comprehension (must be list, map, or dynamic)");
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === null || value === "" || value === 0 || value === 0n || value === false;
}
