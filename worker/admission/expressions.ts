/** CEL as policies and match conditions use it: expressions on the request, compiled once for each text. */
import { Budget, perObjectLimit } from "../cel/budget.ts";
import type { Cel, CelEnvironment, CelValue, Compiled } from "../cel/cel.ts";
import { loadCel } from "../cel/load.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { admissionRequest, reviewed, type Review } from "./request.ts";

/** What expressions may name. `authorizer` is not among them. */
const names = ["object", "oldObject", "request", "params", "namespaceObject", "variables"] as const;
type Name = (typeof names)[number];

const mostCompiled = 2_000;
const compiled = new Map<string, Compiled>();
let environment: CelEnvironment | undefined;

export function compile(cel: Cel, expression: string): Compiled {
  environment ??= cel.environment(Object.fromEntries(names.map((name) => [name, "dyn" as const])));
  const known = compiled.get(expression);
  if (known !== undefined) return known;
  if (compiled.size >= mostCompiled) compiled.clear();
  const result = environment.compile(expression);
  compiled.set(expression, result);
  return result;
}

export type Outcome = { value: unknown } | { error: string };

/** The expressions of one policy or webhook on one request; they share a budget. */
export class Expressions {
  readonly #cel: Cel;
  readonly #bindings: Record<Name, CelValue>;
  readonly #variables: Record<string, CelValue> = {};
  /** Variables that could not be computed: only who names one learns of it. */
  readonly #failed = new Map<string, string>();
  readonly #budget = new Budget(perObjectLimit);

  private constructor(cel: Cel, bindings: Partial<Record<Name, unknown>>) {
    this.#cel = cel;
    const values = names.map((name): [Name, CelValue] => [name, cel.value(bindings[name] ?? null)]);
    this.#bindings = { ...(Object.fromEntries(values) as Record<Name, CelValue>), variables: this.#variables };
  }

  static async of(review: Review, more: { params?: KubernetesObject; namespace?: KubernetesObject | undefined } = {}): Promise<Expressions> {
    const { operation, object, old } = review;
    return new Expressions(await loadCel(), {
      object: operation === "DELETE" ? null : reviewed(review, object),
      oldObject: old === undefined ? null : reviewed(review, old),
      // Expressions see the request without the objects that they have already.
      request: { ...admissionRequest(review, ""), object: null, oldObject: null },
      params: more.params,
      namespaceObject: more.namespace,
    });
  }

  /** In order: each may name those before it. */
  define(variables: { name: string; expression: string }[]): void {
    for (const { name, expression } of variables) {
      const result = this.#evaluate(expression);
      if ("error" in result) this.#failed.set(name, result.error);
      else this.#variables[name] = result.value;
    }
  }

  evaluate(expression: string): Outcome {
    const result = this.#evaluate(expression);
    return "error" in result ? result : { value: this.#cel.json(result.value) };
  }

  #evaluate(expression: string): { value: CelValue } | { error: string } {
    for (const [name, error] of this.#failed) {
      if (new RegExp(`\\bvariables\\.${name}\\b`).test(expression)) return { error: `composited variable ${JSON.stringify(name)} fails to evaluate: ${error}` };
    }
    const program = compile(this.#cel, expression);
    return "error" in program ? { error: program.error } : program.evaluate(this.#bindings, this.#budget);
  }
}

export type Condition = "met" | "unmet" | { error: string };

/** All must hold; one that does not outweighs one that fails. */
export function conditionsMet(expressions: Expressions, conditions: { name: string; expression: string }[]): Condition {
  let error: string | undefined;
  for (const { name, expression } of conditions) {
    const result = expressions.evaluate(expression);
    if ("error" in result) error ??= `expression '${expression}' of match condition '${name}' resulted in error: ${result.error}`;
    else if (result.value !== true) return "unmet";
  }
  return error === undefined ? "met" : { error };
}
