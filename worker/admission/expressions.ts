/** CEL as policies and match conditions use it: expressions on the request, compiled once for each text. */
import { Budget, perObjectLimit } from "../cel/budget.ts";
import type { Cel, CelEnvironment, CelType, CelValue, Compiled } from "../cel/cel.ts";
import { loadCel } from "../cel/load.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { Settings } from "../settings/settings.ts";
import { authorizerFor } from "./authorizer.ts";
import { namespaceType, requestType } from "./expression-types.ts";
import { admissionRequest, reviewed, type Review } from "./request.ts";

/** What expressions may name; whether they do was checked when they were written (./expression-errors.ts). */
const names = ["object", "oldObject", "request", "params", "namespaceObject", "variables", "authorizer"] as const;
type Name = (typeof names)[number];

const mostCompiled = 2_000;

/** Expressions of one sort, by their text. */
class Compiler {
  readonly #hasMessages: boolean;
  readonly #compiled = new Map<string, Compiled>();
  #environment: CelEnvironment | undefined;

  constructor(hasMessages: boolean) {
    this.#hasMessages = hasMessages;
  }

  compile(cel: Cel, expression: string): Compiled {
    this.#environment ??= cel.environment(Object.fromEntries(names.map((name) => [name, "dyn" as const])), { hasMessages: this.#hasMessages });
    const known = this.#compiled.get(expression);
    if (known !== undefined) return known;
    if (this.#compiled.size >= mostCompiled) this.#compiled.clear();
    const result = this.#environment.compile(expression);
    this.#compiled.set(expression, result);
    return result;
  }
}

const conditions = new Compiler(false);
/** Those that build messages. */
const mutations = new Compiler(true);

export type Outcome = { value: unknown } | { error: string };

export interface Surroundings {
  params?: KubernetesObject | undefined;
  namespace?: KubernetesObject | undefined;
  /** By which the authorizer decides. */
  settings?: Settings;
}

/** The expressions of one policy or webhook on one request; they share a budget. */
export class Expressions {
  readonly cel: Cel;
  readonly #bindings: Record<Name, CelValue>;
  readonly #variables: Record<string, CelValue> = {};
  /** Variables that could not be computed: only who names one learns of it. */
  readonly #failed = new Map<string, string>();
  readonly #budget = new Budget(perObjectLimit);

  private constructor(cel: Cel, bindings: Record<Exclude<Name, "variables" | "authorizer">, unknown>, authorizer: CelValue) {
    this.cel = cel;
    const { object, oldObject, request, params, namespaceObject } = bindings;
    const value = (json: unknown, type?: CelType) => cel.value(json ?? null, type);
    this.#bindings = {
      object: value(object),
      oldObject: value(oldObject),
      request: value(request, requestType),
      params: value(params),
      namespaceObject: value(namespaceObject, namespaceType),
      variables: this.#variables,
      authorizer,
    };
  }

  static async of(review: Review, { params, namespace, settings = review.context.settings }: Surroundings = {}): Promise<Expressions> {
    const { operation, object, old, resource, subresource, context } = review;
    const cel = await loadCel();
    const { name = "", namespace: inNamespace = "" } = (old ?? object).metadata ?? {};
    const asked = { group: resource.group, resource: resource.plural, subresource, namespace: inNamespace, name };
    return new Expressions(cel, {
      object: operation === "DELETE" ? null : reviewed(review, object),
      oldObject: old === undefined ? null : reviewed(review, old),
      // Expressions see the request without the objects that they have already.
      request: { ...admissionRequest(review, ""), object: null, oldObject: null },
      params,
      namespaceObject: namespace,
    }, cel.authorizer(authorizerFor(context.user, settings), asked));
  }

  /** In order: each may name those before it. */
  define(variables: { name: string; expression: string }[]): void {
    for (const { name, expression } of variables) {
      const result = this.#run(expression, conditions);
      if ("error" in result) this.#failed.set(name, result.error);
      else this.#variables[name] = result.value;
    }
  }

  /** As JSON. */
  evaluate(expression: string): Outcome {
    const result = this.#run(expression, conditions);
    return "error" in result ? result : { value: this.cel.json(result.value) };
  }

  /** Of an expression that builds messages: as it is. */
  build(expression: string): { value: CelValue } | { error: string } {
    return this.#run(expression, mutations);
  }

  #run(expression: string, compiler: Compiler): { value: CelValue } | { error: string } {
    for (const [name, error] of this.#failed) {
      if (new RegExp(`\\bvariables\\.${name}\\b`).test(expression)) return { error: `composited variable ${JSON.stringify(name)} fails to evaluate: ${error}` };
    }
    const program = compiler.compile(this.cel, expression);
    return "error" in program ? { error: program.error } : program.evaluate(this.#bindings, this.#budget);
  }
}

export type Condition = "met" | "unmet" | { error: string };

/** All must hold; one that does not outweighs one that fails. */
export function conditionsMet(expressions: Expressions, wanted: { name: string; expression: string }[]): Condition {
  let error: string | undefined;
  for (const { name, expression } of wanted) {
    const result = expressions.evaluate(expression);
    if ("error" in result) error ??= `expression '${expression}' of match condition '${name}' resulted in error: ${result.error}`;
    else if (result.value !== true) return "unmet";
  }
  return error === undefined ? "met" : { error };
}
