/**
 * A configuration before it is applied: every field must be known, of its type, and every item told from the others.
 * Quantities, times and their like become what the server stores, so that another way to write a value is no change.
 */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { setOwn } from "../patch/json.ts";
import { decodeScalar } from "../resources/scalars.ts";
import type { Field, Scalar } from "../resources/schema.ts";
import { elementOf, type ItemsShape } from "./items.ts";
import { elementText } from "./path-element.ts";
import { shapeOf, type Types } from "./shape.ts";

export interface Checked {
  value: unknown;
  /** `.spec.replicas: expected numeric (int or float), got string`, as upstream says it. */
  errors: string[];
}

export function checkConfig(field: Field, value: unknown, types: Types): Checked {
  const walk: Walk = { types, errors: [], path: [] };
  return { value: checkValue(walk, field, value), errors: walk.errors };
}

/** `a`, or upstream's list of several. */
export function errorsText(errors: readonly string[]): string {
  return errors.length === 1 ? (errors[0] ?? "") : ["errors:", ...errors.map((error) => `  ${error}`)].join("\n");
}

interface Walk {
  types: Types;
  errors: string[];
  path: string[];
}

function report({ errors, path }: Walk, message: string): void {
  const at = path.join("");
  errors.push(at === "" ? message : `${at}: ${message}`);
}

function checkBelow<T>(walk: Walk, step: string, check: () => T): T {
  walk.path.push(step);
  const result = check();
  walk.path.pop();
  return result;
}

function checkValue(walk: Walk, field: Field, value: unknown): unknown {
  if (value === null) return null;
  if (field.t !== undefined) return checkScalar(walk, field.t, value);
  if (field.a !== undefined) return Array.isArray(value) ? checkList(walk, field, field.a, value) : mismatch(walk, "list", value);
  if (field.m === undefined && field.r === undefined) return value;
  const type = field.r === undefined ? undefined : walk.types(field.r);
  const fields = type?.f;
  // Some types without fields are no objects (JSON, a schema or a bool).
  if (field.r !== undefined && fields === undefined) return value;
  return isRecord(value) ? checkFields(walk, type?.p === true ? { m: { t: "any" } } : field, fields, value) : mismatch(walk, "map", value);
}

function mismatch(walk: Walk, expected: "list" | "map", value: unknown): unknown {
  report(walk, `expected ${expected}, got &{${goText(value)}}`);
  return value;
}

function checkFields(walk: Walk, { m: item }: Field, fields: Record<string, Field> | undefined, value: Record<string, unknown>): unknown {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const field = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : item;
    const checked = checkBelow(walk, `.${name}`, () => {
      if (field !== undefined) return checkValue(walk, field, value[name]);
      return report(walk, "field not declared in schema");
    });
    setOwn(result, name, checked);
  }
  return result;
}

function checkList(walk: Walk, field: Field, item: Field, list: readonly unknown[]): unknown[] {
  const shape = shapeOf(field, walk.types);
  if (shape.kind !== "set" && shape.kind !== "list") {
    return list.map((one, at) => checkBelow(walk, `[${at}]`, () => checkValue(walk, item, one)));
  }
  const seen = new Set<string>();
  return list.map((one, at) => checkItem(walk, item, { shape, seen, one, at }));
}

interface Item {
  shape: ItemsShape;
  /** Elements of the items before. */
  seen: Set<string>;
  one: unknown;
  at: number;
}

function checkItem(walk: Walk, item: Field, { shape, seen, one, at }: Item): unknown {
  const element = elementOf(shape, one);
  if (element === undefined) {
    report(walk, `element ${at}: ${unidentified(shape, one)}`);
    return one;
  }
  if (seen.has(element)) report(walk, `duplicate entries for key ${elementText(element)}`);
  seen.add(element);
  return checkBelow(walk, elementText(element), () => checkValue(walk, item, one));
}

function unidentified(shape: ItemsShape, item: unknown): string {
  if (shape.kind === "set") {
    if (item === null) return "associative list without keys has an element that's an explicit null";
    return Array.isArray(item)
      ? "not supported: associative list with lists as elements"
      : "associative list without keys has an element that's a map type";
  }
  if (item === null) return "associative list with keys may not have a null element";
  if (!isRecord(item)) return "associative list with keys may not have non-map elements";
  const keys = shape.keys.map((key) => JSON.stringify(key)).join(" ");
  return `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`;
}

/** The text of what is wrong with a value of the sort; undefined if nothing is. */
const scalarChecks: Record<"number" | "string" | "boolean" | "scalar", (value: unknown) => string | undefined> = {
  number: (value) => (typeof value === "number" ? undefined : `expected numeric (int or float), got ${goType(value)}`),
  string: (value) => (typeof value === "string" ? undefined : `expected string, got &value.valueUnstructured{Value:${goLiteral(value)}}`),
  boolean: (value) => (typeof value === "boolean" ? undefined : `expected boolean, got &{${goText(value)}}`),
  scalar: (value) => (typeof value === "object" ? `expected any scalar, got &{${goText(value)}}` : undefined),
};

const sorts: Record<Exclude<Scalar, "any">, keyof typeof scalarChecks> = {
  string: "string",
  bytes: "string",
  time: "string",
  "micro-time": "string",
  int32: "number",
  int64: "number",
  number: "number",
  bool: "boolean",
  quantity: "scalar",
  "int-or-string": "scalar",
};

function checkScalar(walk: Walk, scalar: Scalar, value: unknown): unknown {
  if (scalar === "any") return value;
  const problem = scalarChecks[sorts[scalar]](value);
  if (problem !== undefined) {
    report(walk, problem);
    return value;
  }
  // What is of the right sort and wrong all the same is refused by the decoder, in its own words.
  const decoded = decodeScalar(scalar, value);
  return "value" in decoded ? decoded.value : value;
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    default:
      return "map[string]interface {}";
  }
}

/** As Go's `%v` shows a value. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isRecord(value)) return String(value);
  return `map[${Object.keys(value).sort().map((key) => `${key}:${goText(value[key])}`).join(" ")}]`;
}

/** As Go's `%#v` shows a value. */
function goLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goLiteral).join(", ")}}`;
  if (!isRecord(value)) return JSON.stringify(value) ?? "interface {}(nil)";
  const entries = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${goLiteral(value[key])}`);
  return `map[string]interface {}{${entries.join(", ")}}`;
}
