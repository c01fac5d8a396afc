/** The part of defaulting and validation that the OpenAPI states, over whole objects. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { required } from "./rules/field-errors.ts";
import type { FieldError, Resource } from "./resource.ts";
import { typeSchema, type Field, type TypeSchema } from "./schema.ts";

/**
 * Sets the stated defaults in place, at every depth. An object that ./decode.ts made has them already; those that
 * controllers build do not.
 */
export function applyStatedDefaults(resource: Pick<Resource, "schema" | "custom">, object: KubernetesObject): void {
  if (resource.custom !== undefined) return;
  fill({ r: resource.schema }, object);
}

function fill(field: Field, value: unknown): void {
  if (Array.isArray(value)) {
    if (field.a !== undefined && canHoldDefaults(field.a)) for (const one of value) fill(field.a, one);
  } else if (isRecord(value)) {
    if (field.m !== undefined && canHoldDefaults(field.m)) for (const one of Object.values(value)) fill(field.m, one);
    if (field.r !== undefined) fillObject(planOf(typeSchema(field.r)), value);
  }
}

function fillObject({ defaults, nested }: FillPlan, object: Record<string, unknown>): void {
  for (const [name, value] of defaults) {
    if (object[name] === undefined) object[name] = typeof value === "object" ? structuredClone(value) : value;
  }
  for (const name of Object.keys(object)) {
    const field = nested.get(name);
    if (field !== undefined) fill(field, object[name]);
  }
}

/** What of a type concerns defaults, worked out once. */
interface FillPlan {
  defaults: [name: string, value: unknown][];
  nested: Map<string, Field>;
}

const plans = new WeakMap<TypeSchema, FillPlan>();

function planOf(type: TypeSchema): FillPlan {
  const known = plans.get(type);
  if (known !== undefined) return known;
  const fields = Object.entries(type.f ?? {});
  const defaults = fields.flatMap(([name, { d }]): FillPlan["defaults"] => (d === undefined ? [] : [[name, d]]));
  const plan = { defaults, nested: new Map(fields.filter(([, field]) => canHoldDefaults(field))) };
  plans.set(type, plan);
  return plan;
}

const canHoldDefaults = (field: Field): boolean => field.r !== undefined || field.a !== undefined || field.m !== undefined;

/**
 * Required fields that are absent. Those with a stated default (Go's zero values) are never absent; whether a zero
 * value will do is for the kind's own rules.
 */
export function missingFields(resource: Pick<Resource, "schema" | "custom">, object: KubernetesObject): FieldError[] {
  if (resource.custom !== undefined) return [];
  const errors: FieldError[] = [];
  collectMissing(errors, { r: resource.schema }, object, "");
  return errors;
}

function collectMissing(errors: FieldError[], field: Field, value: unknown, path: string): void {
  if (Array.isArray(value)) {
    const item = field.a;
    if (item !== undefined && canHoldDefaults(item)) value.forEach((one, at) => collectMissing(errors, item, one, `${path}[${at}]`));
    return;
  }
  if (field.r === undefined || !isRecord(value)) return;
  const type = typeSchema(field.r);
  for (const name of type.q ?? []) {
    const isMissing = value[name] === undefined && type.f?.[name]?.d === undefined;
    if (isMissing) errors.push(required(path === "" ? name : `${path}.${name}`));
  }
  for (const name of Object.keys(value)) {
    const inner = type.f?.[name];
    if (inner !== undefined && canHoldDefaults(inner)) collectMissing(errors, inner, value[name], path === "" ? name : `${path}.${name}`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** For planning: everything that is stated about a kind, as one port. */
export const statedRules = {
  applyDefaults: applyStatedDefaults,
  /** Leaves to the kind's own rules what they report at the same path, in their own words. */
  validate(resource: Resource, object: KubernetesObject): FieldError[] {
    const missing = missingFields(resource, object);
    if (missing.length === 0) return missing;
    const reported = new Set(resource.validate(object).map((error) => error.path));
    return missing.filter((error) => !reported.has(error.path));
  },
};
