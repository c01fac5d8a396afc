/**
 * A value against a structural schema, in kube-openapi's words. What an update leaves as it was is not judged again
 * (ratcheting): a schema may become stricter without locking up the objects that are there.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-ratcheting
 */
import { isEqual, isRecord } from "../../../protocol/kubernetes/equal.ts";
import { loadedCel } from "../../cel/load.ts";
import type { FieldError } from "../resource.ts";
import { invalid, notSupported, required, tooLong } from "../rules/field-errors.ts";
import { isOfFormat } from "./formats.ts";
import { entrySchema, isEmbedded, isIntOrString, propertyOf, type JsonSchema } from "./json-schema.ts";
import { keyOfItem, listTypeErrors } from "./list-types.ts";

/** `previous` undefined: there is nothing that it can be compared with. */
export function validateValue(value: unknown, schema: JsonSchema, path: string, previous?: unknown): FieldError[] {
  if (previous !== undefined && isEqual(value, previous)) return [];
  if (value === null && schema.nullable === true) return [];
  return [
    ...typeErrors(value, schema, path),
    ...combinedErrors(value, schema, path),
    ...(typeof value === "string" ? stringErrors(value, schema, path) : []),
    ...(typeof value === "number" ? numberErrors(value, schema, path) : []),
    ...(Array.isArray(value) ? listErrors(value, schema, path, previous) : []),
    ...enumErrors(value, schema, path),
    ...(isRecord(value) ? objectErrors(value, schema, path, previous) : []),
  ];
}

const invalidType = (path: string, type: string, value: string): FieldError => ({
  ...invalid(path, value, `${path} in body must be of type ${type}: ${JSON.stringify(value)}`),
  reason: "FieldValueTypeInvalid",
});

function typeErrors(value: unknown, schema: JsonSchema, path: string): FieldError[] {
  const found = typeOf(value);
  if (isIntOrString(schema)) return found === "integer" || found === "string" ? [] : [invalidType(path, "integer,string", found)];
  const { type } = schema;
  if (type === undefined || type === "" || type === found || (type === "number" && found === "integer")) return [];
  return [invalidType(path, type, found)];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}

function stringErrors(value: string, schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { maxLength, minLength, pattern, format } = schema;
  if (maxLength !== undefined || minLength !== undefined) {
    const length = [...value].length;
    if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength));
    if (minLength !== undefined && length < minLength) errors.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  }
  if (pattern !== undefined && pattern !== "" && !matches(pattern, value)) errors.push(invalid(path, value, `${path} in body should match '${pattern}'`));
  if (format !== undefined && !isOfFormat(format, value)) errors.push(invalidType(path, format, value));
  return errors;
}

function matches(pattern: string, value: string): boolean {
  const compiled = loadedCel().pattern(pattern);
  return "error" in compiled || compiled.matches(value);
}

function numberErrors(value: number, { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const should = (what: string) => errors.push(invalid(path, value, `${path} in body should be ${what}`));
  if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    should(exclusiveMaximum === true ? `less than ${maximum}` : `less than or equal to ${maximum}`);
  }
  if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    should(exclusiveMinimum === true ? `greater than ${minimum}` : `greater than or equal to ${minimum}`);
  }
  if (multipleOf !== undefined && multipleOf > 0 && !Number.isInteger(Number((value / multipleOf).toPrecision(12)))) should(`a multiple of ${multipleOf}`);
  return errors;
}

const tooMany = (path: string, count: number, limit: number): FieldError => ({
  reason: "FieldValueTooMany",
  path,
  message: `Too many: ${count}: must have at most ${limit} items`,
});

function listErrors(value: unknown[], schema: JsonSchema, path: string, previous: unknown): FieldError[] {
  const { items, maxItems, minItems } = schema;
  const errors: FieldError[] = [];
  if (items !== undefined) {
    const before = previousItems(schema, previous);
    value.forEach((item, at) => errors.push(...validateValue(item, items, `${path}[${at}]`, before(item))));
  }
  if (minItems !== undefined && value.length < minItems) errors.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems));
  return [...errors, ...listTypeErrors(value, schema, path)];
}

/** Only items that have a key can be found again. */
function previousItems(schema: JsonSchema, previous: unknown): (item: unknown) => unknown {
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(previous)) return () => undefined;
  const byKey = new Map(previous.map((item: unknown) => [keyOfItem(item, schema), item]));
  return (item) => byKey.get(keyOfItem(item, schema));
}

function enumErrors(value: unknown, schema: JsonSchema, path: string): FieldError[] {
  if (schema.enum === undefined || schema.enum.length === 0 || schema.enum.some((one) => isEqual(one, value))) return [];
  return [notSupported(path, value, schema.enum.map((one) => (typeof one === "string" ? one : JSON.stringify(one))))];
}

function objectErrors(value: Record<string, unknown>, schema: JsonSchema, path: string, previous: unknown): FieldError[] {
  const { maxProperties, minProperties } = schema;
  const errors: FieldError[] = [];
  const count = Object.keys(value).length;
  if (maxProperties !== undefined && count > maxProperties) errors.push(tooMany(path, count, maxProperties));
  if (minProperties !== undefined && count < minProperties) errors.push(invalid(path, count, `${path} in body should have at least ${minProperties} properties`));
  for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) errors.push(required(childOf(path, name)));
  if (isEmbedded(schema)) errors.push(...embeddedErrors(value, path));
  const entries = entrySchema(schema);
  const before = isRecord(previous) && schema["x-kubernetes-map-type"] !== "atomic" ? previous : undefined;
  for (const [name, one] of Object.entries(value)) {
    const known = propertyOf(schema, name) ?? entries;
    if (known === undefined) continue;
    const old = before !== undefined && Object.hasOwn(before, name) ? before[name] : undefined;
    errors.push(...validateValue(one, known, childOf(path, name), old));
  }
  return errors;
}

/** An object inside the object says what it is. */
function embeddedErrors(value: Record<string, unknown>, path: string): FieldError[] {
  return ["apiVersion", "kind"].flatMap((name) => {
    const said = value[name];
    return typeof said === "string" && said !== "" ? [] : [required(childOf(path, name), "must not be empty")];
  });
}

const childOf = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** Schemas upon schemas judge the value whole, changed or not. */
function combinedErrors(value: unknown, schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const says = (what: string) => errors.push(invalid("<nil>", "", `${JSON.stringify(path)} ${what}`));
  const failures = (schemas: JsonSchema[]) => schemas.map((one) => validateValue(value, one, path));
  if (schema.anyOf !== undefined && schema.anyOf.length > 0 && !isIntOrString(schema)) {
    const found = failures(schema.anyOf);
    if (found.every((one) => one.length > 0)) {
      says("must validate at least one schema (anyOf)");
      errors.push(...closest(found));
    }
  }
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) {
    const found = failures(schema.oneOf);
    const valid = found.filter((one) => one.length === 0).length;
    if (valid !== 1) says(`must validate one and only one schema (oneOf). ${valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`}`);
    if (valid === 0) errors.push(...closest(found));
  }
  if (schema.allOf !== undefined && schema.allOf.length > 0) {
    const found = failures(schema.allOf).flat();
    if (found.length > 0) says("must validate all the schemas (allOf)");
    errors.push(...found);
  }
  if (schema.not !== undefined && validateValue(value, schema.not, path).length === 0) says("must not validate the schema (not)");
  return errors;
}

const closest = (found: FieldError[][]): FieldError[] => found.toSorted((a, b) => a.length - b.length)[0] ?? [];
