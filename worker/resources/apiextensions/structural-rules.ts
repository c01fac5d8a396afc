/**
 * What makes a schema structural, in apiextensions-apiserver's words.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import { loadedCel } from "../../cel/load.ts";
import { isEmbedded, isIntOrString, isPreserving, type JsonSchema } from "../custom/json-schema.ts";
import type { FieldError } from "../resource.ts";
import { forbidden, invalid, notSupported, required } from "../rules/field-errors.ts";

type Level = "root" | "item" | "field";

export function structuralErrors(schema: JsonSchema, path: string): FieldError[] {
  return [...levelErrors(schema, "root", path), ...completenessErrors(schema, path)];
}

const emptyType: Record<Level, string> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function levelErrors(schema: JsonSchema, level: Level, path: string): FieldError[] {
  const { type = "" } = schema;
  const errors = [...keywordErrors(schema, path), ...extensionErrors(schema, path), ...listTypeErrors(schema, path)];
  if (type === "array" && schema.items === undefined) errors.push(required(`${path}.items`, "must be specified"));
  if (isEmbedded(schema) && type !== "object") {
    const detail = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(type === "" ? required(`${path}.type`, detail) : invalid(`${path}.type`, type, detail));
  } else if (type === "" && !isIntOrString(schema) && !isPreserving(schema)) errors.push(required(`${path}.type`, emptyType[level]));
  if (level === "root" && type !== "" && type !== "object") errors.push(invalid(`${path}.type`, type, "must be object at the root"));
  if (schema.additionalProperties !== undefined && level === "root") errors.push(forbidden(`${path}.additionalProperties`, "must not be used at the root"));
  errors.push(...metadataErrors(schema, level, path), ...junctorErrors(schema, path));
  for (const [name, property] of Object.entries(schema.properties ?? {})) errors.push(...levelErrors(property, "field", `${path}.properties[${name}]`));
  if (schema.items !== undefined) errors.push(...levelErrors(schema.items, "item", `${path}.items`));
  if (typeof schema.additionalProperties === "object") errors.push(...levelErrors(schema.additionalProperties, "field", `${path}.additionalProperties`));
  return errors;
}

const unsupported = ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref", "$schema"];
const types = ["", "array", "boolean", "integer", "number", "object", "string"];

function keywordErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors = unsupported.filter((name) => schema[name] !== undefined).map((name) => forbidden(`${path}.${name}`, `${name} is not supported`));
  if (schema.uniqueItems === true) {
    errors.push(forbidden(`${path}.uniqueItems`, "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
  }
  if (schema.type === "null") errors.push(forbidden(`${path}.type`, "type cannot be set to null, use nullable as an alternative"));
  else if (!types.includes(schema.type ?? "")) errors.push(notSupported(`${path}.type`, schema.type, types.slice(1)));
  if (schema.additionalProperties !== undefined && Object.keys(schema.properties ?? {}).length > 0) {
    errors.push(forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive"));
  }
  if (Array.isArray(schema.items)) errors.push(forbidden(`${path}.items`, "items must be a schema object and not an array"));
  return [...errors, ...patternErrors(schema, path)];
}

function patternErrors({ pattern = "" }: JsonSchema, path: string): FieldError[] {
  const compiled = pattern === "" ? undefined : loadedCel().pattern(pattern);
  if (compiled === undefined || !("error" in compiled)) return [];
  return [invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${compiled.error}`)];
}

function extensionErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"));
  }
  if (isIntOrString(schema) && isPreserving(schema)) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, true, "must be false if x-kubernetes-int-or-string is true"));
  }
  if (isIntOrString(schema) && isEmbedded(schema)) {
    errors.push(invalid(`${path}.x-kubernetes-embedded-resource`, true, "must be false if x-kubernetes-int-or-string is true"));
  }
  if (isIntOrString(schema) && (schema.type ?? "") !== "") errors.push(invalid(`${path}.type`, schema.type, "must be empty if x-kubernetes-int-or-string is true"));
  if (isEmbedded(schema) && schema.additionalProperties !== undefined) {
    errors.push(forbidden(`${path}.additionalProperties`, "must not be used if x-kubernetes-embedded-resource is set"));
  }
  if (isEmbedded(schema) && !isPreserving(schema) && Object.keys(schema.properties ?? {}).length === 0) {
    errors.push(required(`${path}.properties`, "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"));
  }
  return errors;
}

const isScalar = (schema: JsonSchema | undefined): boolean => schema !== undefined && schema.type !== "array" && schema.type !== "object";

function listTypeErrors(schema: JsonSchema, path: string): FieldError[] {
  const { "x-kubernetes-list-type": listType, "x-kubernetes-list-map-keys": keys = [], "x-kubernetes-map-type": mapType, type, items } = schema;
  const errors: FieldError[] = [];
  if (mapType !== undefined && mapType !== "atomic" && mapType !== "granular") errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ["atomic", "granular"]));
  if (mapType !== undefined && type !== "object") errors.push(invalid(`${path}.type`, type ?? "", "must be object if x-kubernetes-map-type is specified"));
  if (keys.length > 0 && listType !== "map") {
    const at = `${path}.x-kubernetes-list-type`;
    errors.push(listType === undefined ? required(at, "must be map if x-kubernetes-list-map-keys is non-empty") : invalid(at, listType, "must be map if x-kubernetes-list-map-keys is non-empty"));
  }
  if (listType === undefined) return errors;
  if (!["atomic", "map", "set"].includes(listType)) return [...errors, notSupported(`${path}.x-kubernetes-list-type`, listType, ["atomic", "map", "set"])];
  if (type !== "array") errors.push(invalid(`${path}.type`, type ?? "", "must be array if x-kubernetes-list-type is specified"));
  if (listType === "set") errors.push(...setErrors(items, path));
  if (listType === "map") errors.push(...mapErrors(items, keys, path));
  return errors;
}

function setErrors(items: JsonSchema | undefined, path: string): FieldError[] {
  if (items === undefined) return [];
  const at = `${path}.items`;
  if (items.nullable === true) return [forbidden(`${at}.nullable`, "cannot be nullable when x-kubernetes-list-type is set")];
  if (items.type === "array" && items["x-kubernetes-list-type"] !== undefined && items["x-kubernetes-list-type"] !== "atomic") {
    return [invalid(`${at}.x-kubernetes-list-type`, items["x-kubernetes-list-type"], "must be atomic as item of a list with x-kubernetes-list-type=set")];
  }
  if (items.type !== "object" || items["x-kubernetes-map-type"] === "atomic") return [];
  const found = items["x-kubernetes-map-type"];
  const detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
  return [found === undefined ? required(`${at}.x-kubernetes-map-type`, detail) : invalid(`${at}.x-kubernetes-map-type`, found, detail)];
}

function mapErrors(items: JsonSchema | undefined, keys: string[], path: string): FieldError[] {
  const at = `${path}.items`;
  const errors: FieldError[] = [];
  if (keys.length === 0) errors.push(required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map"));
  if (items === undefined) return errors;
  if (items.type !== "object") errors.push(invalid(`${at}.type`, items.type ?? "", "must be object if parent array's x-kubernetes-list-type is map"));
  keys.forEach((key, index) => {
    const property = items.properties?.[key];
    if (keys.indexOf(key) < index) errors.push({ reason: "FieldValueDuplicate", path: `${path}.x-kubernetes-list-map-keys[${index}]`, message: `Duplicate value: ${JSON.stringify(key)}` });
    if (property === undefined) errors.push(invalid(`${path}.x-kubernetes-list-map-keys[${index}]`, key, "entries must all be names of item properties"));
    else if (!isScalar(property)) errors.push(invalid(`${at}.properties[${key}].type`, property.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"));
    else if (property.default === undefined && items.required?.includes(key) !== true) {
      errors.push(required(`${at}.properties[${key}].default`, "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
    }
    if (property?.nullable === true) errors.push(forbidden(`${at}.properties[${key}].nullable`, "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
  });
  return errors;
}

function metadataErrors(schema: JsonSchema, level: Level, path: string): FieldError[] {
  const isResource = level === "root" || isEmbedded(schema);
  if (!isResource) return [];
  const errors: FieldError[] = [];
  for (const name of ["kind", "apiVersion"]) {
    const property = schema.properties?.[name];
    if (property !== undefined && property.type !== "string") errors.push(invalid(`${path}.properties[${name}].type`, property.type ?? "", "must be string"));
  }
  const metadata = schema.properties?.["metadata"];
  if (metadata === undefined) return errors;
  const at = `${path}.properties[metadata]`;
  if (metadata.type !== "object") errors.push(invalid(`${at}.type`, metadata.type ?? "", "must be object"));
  const { type: _type, properties = {}, description: _description, ...others } = metadata;
  const isRestricted = Object.keys(others).length > 0 || Object.keys(properties).some((name) => name !== "name" && name !== "generateName");
  if (level === "root" && isRestricted) {
    errors.push(forbidden(at, "must not specify anything other than name and generateName, but metadata is implicitly specified"));
  }
  return errors;
}

const intOrString = [{ type: "integer" }, { type: "string" }];

/** Inside `allOf` and the like only values are judged: nothing is declared there. */
function junctorErrors(schema: JsonSchema, path: string): FieldError[] {
  const isIntOrStringPattern = isIntOrString(schema) && isEqual(schema.anyOf, intOrString);
  const isInFirst = isIntOrString(schema) && isEqual(schema.allOf?.[0]?.anyOf, intOrString);
  return [
    ...(isIntOrStringPattern ? [] : (schema.anyOf ?? []).flatMap((one, at) => nestedErrors(one, `${path}.anyOf[${at}]`))),
    ...(schema.allOf ?? []).flatMap((one, at) => nestedErrors(isInFirst && at === 0 ? { ...one, anyOf: [] } : one, `${path}.allOf[${at}]`)),
    ...(schema.oneOf ?? []).flatMap((one, at) => nestedErrors(one, `${path}.oneOf[${at}]`)),
    ...(schema.not === undefined ? [] : nestedErrors(schema.not, `${path}.not`)),
  ];
}

const forbiddenInside: [keyword: string, detail: string][] = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["externalDocs", "must be undefined to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

function nestedErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors = forbiddenInside.filter(([keyword]) => isSet(schema[keyword])).map(([keyword, detail]) => forbidden(`${path}.${keyword}`, detail));
  if (schema.properties?.["metadata"] !== undefined) errors.push(forbidden(`${path}.properties[metadata]`, "must not be specified in a nested context"));
  errors.push(...patternErrors(schema, path), ...junctorErrors(schema, path));
  for (const [name, property] of Object.entries(schema.properties ?? {})) errors.push(...nestedErrors(property, `${path}.properties[${name}]`));
  if (schema.items !== undefined) errors.push(...nestedErrors(schema.items, `${path}.items`));
  return errors;
}

const isSet = (value: unknown): boolean => value !== undefined && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0);

/** What is judged inside `allOf` and the like must be declared outside. */
function completenessErrors(schema: JsonSchema, path: string): FieldError[] {
  const nested = [
    ...(schema.allOf ?? []).map((one, at) => [one, `allOf[${at}]`] as const),
    ...(schema.anyOf ?? []).map((one, at) => [one, `anyOf[${at}]`] as const),
    ...(schema.oneOf ?? []).map((one, at) => [one, `oneOf[${at}]`] as const),
    ...(schema.not === undefined ? [] : [[schema.not, "not"] as const]),
  ];
  const inner = [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => completenessErrors(one, `${path}.properties[${name}]`)),
    ...(schema.items === undefined ? [] : completenessErrors(schema.items, `${path}.items`)),
    ...(typeof schema.additionalProperties === "object" ? completenessErrors(schema.additionalProperties, `${path}.additionalProperties`) : []),
  ];
  return [...nested.flatMap(([one]) => undeclared(one, schema, path)), ...inner];
}

function undeclared(nested: JsonSchema, schema: JsonSchema | undefined, path: string): FieldError[] {
  const because = (what: string) => required(what, "because it is defined in a nested context");
  const errors: FieldError[] = [];
  for (const [name, one] of Object.entries(nested.properties ?? {})) {
    const declared = schema?.properties?.[name];
    const at = `${path}.properties[${name}]`;
    errors.push(...(declared === undefined ? [because(at)] : undeclared(one, declared, at)));
  }
  if (nested.items !== undefined) errors.push(...(schema?.items === undefined ? [because(`${path}.items`)] : undeclared(nested.items, schema.items, `${path}.items`)));
  for (const one of [...(nested.allOf ?? []), ...(nested.anyOf ?? []), ...(nested.oneOf ?? []), ...(nested.not === undefined ? [] : [nested.not])]) errors.push(...undeclared(one, schema, path));
  return errors;
}
