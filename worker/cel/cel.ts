/**
 * CEL as Kubernetes offers it (https://kubernetes.io/docs/reference/using-api/cel/), behind an interface of ours: only
 * this folder knows the library. Loading it costs milliseconds, so nothing here is loaded before ./load.ts is asked.
 *
 *     environment(variables) ── compile(expression) ──► program ── evaluate(bindings, budget) ──► value | error
 */
import type { Budget } from "./budget.ts";
import type { Sized } from "./cost.ts";

/**
 * What is known of a variable. An `object` has these fields (already escaped, ./names.ts) and no others: naming another
 * is a compile error. `dyn` says nothing until evaluation.
 */
export type CelType =
  | "dyn" | "string" | "int" | "double" | "bool" | "bytes" | "timestamp" | "duration" | "authorizer"
  | { list: CelType }
  | { map: CelType }
  | { optional: CelType }
  | { object: Record<string, CelType> };

/** A value as the library has it: integers are bigint, doubles number; see ./values.ts for the way there and back. */
export type CelValue = unknown;

export type Evaluation = { value: CelValue } | { error: string; isOverBudget: boolean };

export interface Program {
  /** `bool`, `string`, `list<string>`, `dyn`, … */
  readonly type: string;
  /** What it costs at worst, by how large its variables may be. */
  cost(variables: Readonly<Record<string, Sized>>): number;
  /** Every variable of the environment must be bound, to a value that `Cel.value` made. */
  evaluate(bindings: Record<string, CelValue>, budget: Budget): Evaluation;
}

export type Compiled = Program | { error: string };

export interface CelEnvironment {
  /** The error is the text that upstream's compiler would give, with the place in the expression. */
  compile(expression: string): Compiled;
  /** With variables more: cheap, what is declared already is not declared anew. */
  with(variables: Record<string, CelType>): CelEnvironment;
}

export interface EnvironmentOptions {
  /** Expressions may build messages: `Object.spec{…}`, `JSONPatch{…}`, see ./messages.ts. */
  hasMessages?: boolean;
}

/** What an expression asks an `authorizer`. */
export type AccessCheck =
  | { verb: string; path: string }
  | {
    verb: string;
    group: string;
    resource: string;
    subresource: string;
    namespace: string;
    name: string;
    fieldSelector?: string;
    labelSelector?: string;
  };

export interface AccessDecision {
  isAllowed: boolean;
  reason: string;
}

/** Decides for one user. */
export interface Authorizer {
  check(asked: AccessCheck): AccessDecision;
  ofServiceAccount(namespace: string, name: string): Authorizer;
}

export interface Cel {
  /** Not cheap: make one for a set of variables, and keep it. */
  environment(variables: Record<string, CelType>, options?: EnvironmentOptions): CelEnvironment;
  /** Go's regular expressions, in linear time. */
  pattern(text: string): { matches(text: string): boolean } | { error: string };
  /** JSON as a value, see ./values.ts. */
  value(json: unknown, type?: CelType): CelValue;
  /** A value as JSON. */
  json(value: CelValue): unknown;
  /** A present, or absent (undefined), value of an `optional` variable. */
  optional(value: CelValue): CelValue;
  /** A value of an `authorizer` variable; its `requestResource` asks of this. */
  authorizer(authorizer: Authorizer, requestResource: Omit<Extract<AccessCheck, { resource: string }>, "verb">): CelValue;
  /** The name of a message's type; undefined: it is none. */
  messageType(value: CelValue): string | undefined;
  /** What is wrong with the names of messages inside, see ./messages.ts. */
  misnamedMessages(value: CelValue): string[];
}
