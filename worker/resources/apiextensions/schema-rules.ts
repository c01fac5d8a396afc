/** Of a schema that is structural: that its defaults keep it and its rules compile. */
import { entrySchema, type JsonSchema } from "../custom/json-schema.ts";
import { prune } from "../custom/prune.ts";
import { compiledRules, rootOf, ruleErrors } from "../custom/rules.ts";
import { validateValue } from "../custom/validate-value.ts";
import type { FieldError } from "../resource.ts";
import { forbidden, invalid, notSupported, required } from "../rules/field-errors.ts";

export function schemaErrors(schema: JsonSchema, path: string): FieldError[] {
  return [...defaultErrors(schema, path), ...expressionErrors(rootOf(schema), path)];
}

/** What values of a schema are made of, each at its path. */
export function innerOf(schema: JsonSchema, path: string): [JsonSchema, string][] {
  const entries = entrySchema(schema);
  return [
    ...Object.entries(schema.properties ?? {}).map(([name, one]): [JsonSchema, string] => [one, `${path}.properties[${name}]`]),
    ...(schema.items === undefined ? [] : [[schema.items, `${path}.items`] satisfies [JsonSchema, string]]),
    ...(entries === undefined ? [] : [[entries, `${path}.additionalProperties`] satisfies [JsonSchema, string]]),
  ];
}

function defaultErrors(schema: JsonSchema, path: string): FieldError[] {
  const inner = innerOf(schema, path).flatMap(([one, at]) => defaultErrors(one, at));
  if (schema.default === undefined) return inner;
  const at = `${path}.default`;
  const pruned = prune({ value: structuredClone(schema.default) }, { properties: { value: schema } });
  if (pruned.length > 0) return [...inner, invalid(at, schema.default, `must not have unknown fields: ${pruned.map((name) => name.slice("value.".length)).join(", ")}`)];
  const errors = validateValue(schema.default, schema, at);
  return [...inner, ...(errors.length > 0 ? errors : ruleErrors({ value: schema.default }, { type: "object", properties: { value: schema } }).map((error) => ({ ...error, path: at })))];
}

const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

function expressionErrors(schema: JsonSchema, path: string): FieldError[] {
  const own = compiledRules(schema).flatMap(({ source, program, message, usesOldSelf }, index): FieldError[] => {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    const { rule = "", messageExpression = "", message: text = "", reason, fieldPath, optionalOldSelf } = source;
    if (rule.trim() === "") return [required(`${at}.rule`, "rule is not specified")];
    const errors: FieldError[] = [];
    if ("error" in program) errors.push(invalid(`${at}.rule`, source, program.error));
    else if (program.type !== "bool" && program.type !== "dyn") errors.push(invalid(`${at}.rule`, source, "cel expression must evaluate to a bool"));
    if (message !== undefined && "error" in message) errors.push(invalid(`${at}.messageExpression`, source, `messageExpression compilation failed: ${message.error}`));
    else if (message !== undefined && message.type !== "string" && message.type !== "dyn") errors.push(invalid(`${at}.messageExpression`, source, "messageExpression must evaluate to a string"));
    if (text !== "" && text.trim() === "") errors.push(invalid(`${at}.message`, text, "message must be non-empty if specified"));
    if (/\n/.test(text.trim())) errors.push(invalid(`${at}.message`, text, "message must not contain line breaks"));
    if (/\n/.test(rule.trim()) && text === "") errors.push(required(`${at}.message`, "message must be specified if rule contains line breaks"));
    if (messageExpression !== "" && messageExpression.trim() === "") errors.push(required(`${at}.messageExpression`, "messageExpression must be non-empty if specified"));
    if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, reasons));
    if (optionalOldSelf !== undefined && !usesOldSelf) {
      errors.push(invalid(`${at}.optionalOldSelf`, optionalOldSelf, "field optionalOldSelf may not be set if oldSelf is not used in rule"));
    }
    if (fieldPath !== undefined && !leadsSomewhere(fieldPath, schema)) errors.push(invalid(`${at}.fieldPath`, fieldPath, "fieldPath must be a valid path: does not refer to a valid field"));
    if (usesOldSelf && isUncorrelatable.has(schema)) errors.push(forbidden(`${at}.rule`, "oldSelf cannot be used on the uncorrelatable portion of the schema"));
    return errors;
  });
  const isLost = isUncorrelatable.has(schema) || (schema.type === "array" && schema["x-kubernetes-list-type"] !== "map") || schema["x-kubernetes-map-type"] === "atomic";
  return [...own, ...innerOf(schema, path).flatMap(([one, at]) => {
    if (isLost) isUncorrelatable.add(one);
    return expressionErrors(one, at);
  })];
}

/** Below a list whose items cannot be told apart there is no old state to compare with. */
const isUncorrelatable = new WeakSet<JsonSchema>();

/** `.spec.names['a.b']` */
export function leadsSomewhere(path: string, schema: JsonSchema): boolean {
  if (!/^(?:\.[^.[\]]+|\['(?:[^'\\]|\\.)*'\])+$/.test(path)) return false;
  let at: JsonSchema | undefined = schema;
  for (const [, name, quoted] of path.matchAll(/\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/g)) {
    const step = name ?? quoted?.replaceAll(/\\(.)/g, "$1") ?? "";
    at = at?.properties?.[step] ?? (at === undefined ? undefined : entrySchema(at));
  }
  return at !== undefined;
}
