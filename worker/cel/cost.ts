/**
 * What an expression may cost at worst, told from how large its variables may be: cel-go's model (checker/cost.go) and
 * Kubernetes' additions to it, over the library's syntax tree. A value whose size nothing tells counts as no larger than
 * what it was made of, so that nothing is refused which upstream takes; there upstream may be stricter.
 */
import type { ASTNode } from "@marcbachmann/cel-js";

/** How large a value may be: characters of a text, entries of a list or map. */
export interface Sized {
  most: number;
  /** Undefined: it has no fields, or nothing is known of them. */
  field?(name: string): Sized | undefined;
  /** Of a list its items, of a map its values. */
  items?: Sized;
  /** Of a map: its keys, which comprehensions of one variable go through. */
  keys?: Sized;
}

interface Estimate {
  cost: number;
  of: Sized;
}

type Scope = ReadonlyMap<string, Sized>;

/** Of literals and results; a variable that is one counts as nothing. */
const scalar: Sized = { most: 1 };
const traversalFactor = 0.1;
const patternFactor = 0.25;

export function costOf(node: ASTNode, variables: Readonly<Record<string, Sized>>): number {
  return estimate(node, new Map(Object.entries(variables))).cost;
}

function estimate(node: ASTNode, scope: Scope): Estimate {
  switch (node.op) {
    case "value":
      return { cost: 0, of: typeof node.args === "string" ? { most: [...node.args].length } : scalar };
    case "id":
      return { cost: 1, of: scope.get(node.args) ?? scalar };
    case ".":
    case ".?": {
      const { cost, of } = estimate(node.args[0], scope);
      return { cost: cost + 1, of: of.field?.(node.args[1]) ?? of.items ?? scalar };
    }
    case "[]":
    case "[?]": {
      const [whole, at] = [estimate(node.args[0], scope), estimate(node.args[1], scope)];
      return { cost: whole.cost + at.cost + 1, of: whole.of.items ?? scalar };
    }
    case "list": {
      const items = node.args.map((item) => estimate(item, scope));
      return { cost: 10 + sum(items), of: { most: items.length, items: largest(items) } };
    }
    case "map": {
      const [keys, values] = [0, 1].map((side) => node.args.map((entry) => estimate(side === 0 ? entry[0] : entry[1], scope))) as [Estimate[], Estimate[]]; // one of each side
      return { cost: 30 + sum(keys) + sum(values), of: { most: keys.length, keys: largest(keys), items: largest(values) } };
    }
    case "?:": {
      const [condition, yes, no] = node.args.map((one) => estimate(one, scope)) as [Estimate, Estimate, Estimate]; // always three
      return { cost: condition.cost + Math.max(yes.cost, no.cost), of: largest([yes, no]) };
    }
    case "!_":
    case "-_": {
      const { cost, of } = estimate(node.args, scope);
      return { cost: cost + 1, of };
    }
    case "call":
      return call(node.args[0], undefined, { args: node.args[1], scope });
    case "rcall":
      return call(node.args[0], node.args[1], { args: node.args[2], scope });
    default:
      return operation(node.op, estimate(node.args[0], scope), estimate(node.args[1], scope));
  }
}

const sum = (estimates: Estimate[]): number => estimates.reduce((all, { cost }) => all + cost, 0);
const largest = (estimates: Estimate[]): Sized => estimates.reduce<Sized>((most, { of }) => (of.most > most.most || of.items !== undefined ? of : most), scalar);
const traversal = (size: number): number => Math.ceil(size * traversalFactor);

function operation(operator: string, left: Estimate, right: Estimate): Estimate {
  const cost = left.cost + right.cost;
  switch (operator) {
    case "&&":
    case "||":
      return { cost, of: scalar };
    case "==":
    case "!=":
      return { cost: cost + traversal(Math.min(left.of.most, right.of.most)), of: scalar };
    case "<":
    case "<=":
    case ">":
    case ">=":
      return { cost: cost + Math.max(1, traversal(Math.min(left.of.most, right.of.most))), of: scalar };
    case "in":
      return { cost: cost + (right.of.keys === undefined ? right.of.most : 1), of: scalar };
    case "+": {
      const most = left.of.most + right.of.most;
      const isList = left.of.items !== undefined || right.of.items !== undefined;
      const isNumber = left.of.most <= 1 && right.of.most <= 1;
      return { cost: cost + (isList || isNumber ? 1 : Math.max(1, traversal(most))), of: isNumber ? scalar : { ...left.of, most } };
    }
    default:
      return { cost: cost + 1, of: scalar };
  }
}

interface Call {
  args: ASTNode[];
  scope: Scope;
}

function call(name: string, receiver: ASTNode | undefined, { args, scope }: Call): Estimate {
  if (receiver !== undefined && Object.hasOwn(comprehensions, name) && args.length >= 2) {
    const found = comprehension(name, receiver, { args, scope });
    if (found !== undefined) return found;
  }
  if (name === "has" && receiver === undefined && args[0] !== undefined) return { cost: estimate(args[0], scope).cost, of: scalar };
  if (receiver?.op === "id" && receiver.args === "cel" && name === "bind") return bound({ args, scope });
  // `sets.contains(a, b)`: what stands before the dot is a name and no value.
  const isNamespace = receiver?.op === "id" && !scope.has(receiver.args);
  const target = receiver === undefined || isNamespace ? [] : [estimate(receiver, scope)];
  const operands = [...target, ...args.map((one) => estimate(one, scope))];
  const [first = { cost: 0, of: scalar }, second = { cost: 0, of: scalar }] = operands;
  const own = isNamespace && receiver.args === "sets" ? { cost: first.of.most * second.of.most, of: scalar } : functionCost(name, first.of, second.of);
  return { cost: sum(operands) + own.cost, of: own.of };
}

/** Of functions that look at all of what they are given; every other one costs a unit. */
function functionCost(name: string, first: Sized, second: Sized): Estimate {
  const length = traversal(first.most);
  const text = { most: first.most };
  switch (name) {
    case "startsWith":
    case "endsWith":
      return { cost: traversal(second.most), of: scalar };
    case "contains":
    case "indexOf":
    case "lastIndexOf":
      if (first.items !== undefined) return { cost: first.most * (1 + traversal(first.items.most)), of: scalar };
      return { cost: Math.max(1, length * traversal(second.most)), of: scalar };
    case "matches":
    case "matchesRe2":
    case "find":
    case "findAll": {
      const cost = traversal(first.most + 1) * Math.ceil(second.most * patternFactor);
      return { cost, of: name.startsWith("matches") ? scalar : { most: first.most, ...(name === "findAll" ? { items: text } : {}) } };
    }
    case "isSorted":
    case "sum":
    case "max":
    case "min":
      return { cost: first.most * (1 + traversal(first.items?.most ?? 0)), of: name === "isSorted" ? scalar : (first.items ?? scalar) };
    case "replace":
      return { cost: 2 * length, of: text };
    case "lowerAscii":
    case "upperAscii":
    case "reverse":
    case "substring":
    case "trim":
      return { cost: length, of: text };
    case "split":
      return { cost: traversal(2 * first.most), of: { most: first.most, items: text } };
    case "join": {
      const most = first.most * (first.items?.most ?? 0) + Math.max(0, first.most - 1) * second.most;
      return { cost: traversal(most), of: { most } };
    }
    case "quantity":
    case "isQuantity":
    case "url":
    case "isURL":
    case "ip":
    case "isIP":
    case "cidr":
    case "isCIDR":
    case "semver":
    case "isSemver":
      return { cost: Math.max(1, length), of: text };
    case "orValue":
    case "or":
    case "value":
    case "string":
      return { cost: 1, of: first };
    default:
      return { cost: 1, of: scalar };
  }
}

/** What a turn costs beside its expressions: the accumulator's condition and step, as cel-go's macros write them. */
const comprehensions: Record<string, { turn: number; around: number }> = {
  all: { turn: 3, around: 1 },
  exists: { turn: 4, around: 1 },
  exists_one: { turn: 2, around: 2 },
  existsOne: { turn: 2, around: 2 },
  map: { turn: 12, around: 11 },
  filter: { turn: 12, around: 11 },
  transformList: { turn: 12, around: 11 },
  transformMap: { turn: 2, around: 31 },
  transformMapEntry: { turn: 2, around: 31 },
  optMap: { turn: 1, around: 0 },
  optFlatMap: { turn: 1, around: 0 },
};

/** Undefined: it is a function of that name. */
function comprehension(name: string, receiver: ASTNode, { args, scope }: Call): Estimate | undefined {
  const { turn, around } = comprehensions[name] ?? { turn: 0, around: 0 };
  const hasTwo = name.startsWith("transform") || name === "existsOne" || ((name === "all" || name === "exists") && args.length === 3);
  const names = args.slice(0, hasTwo ? 2 : 1).map((one) => (one.op === "id" ? one.args : undefined));
  if (names.some((one) => one === undefined)) return undefined;
  const range = estimate(receiver, scope);
  const { most, keys, items = scalar } = range.of;
  const isOptional = name === "optMap" || name === "optFlatMap";
  const values = hasTwo ? [keys ?? scalar, items] : [isOptional ? range.of : (keys ?? items)];
  const inner = new Map([...scope, ...names.map((one, at) => [one ?? "", values[at] ?? scalar] as const)]);
  const steps = args.slice(names.length).map((one) => estimate(one, inner));
  const made = steps.at(-1)?.of ?? scalar;
  return { cost: range.cost + around + (isOptional ? 1 : most) * (turn + sum(steps)), of: resultOf(name, range.of, made) };
}

function resultOf(name: string, range: Sized, made: Sized): Sized {
  switch (name) {
    case "filter":
      return { most: range.most, items: range.keys ?? range.items ?? scalar };
    case "map":
    case "transformList":
      return { most: range.most, items: made };
    case "transformMap":
    case "transformMapEntry":
      return { most: range.most, keys: range.keys ?? scalar, items: made };
    case "optMap":
    case "optFlatMap":
      return made;
    default:
      return scalar;
  }
}

function bound({ args: [name, value, body], scope }: Call): Estimate {
  if (name?.op !== "id" || value === undefined || body === undefined) return { cost: 1, of: scalar };
  const given = estimate(value, scope);
  const { cost, of } = estimate(body, new Map([...scope, [name.args, given.of]]));
  return { cost: given.cost + cost + 1, of };
}
