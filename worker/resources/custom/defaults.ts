/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import { entrySchema, propertyOf, type JsonSchema } from "./json-schema.ts";

/** Fills in, in place. A null where there must be none counts as absent. */
export function applyDefaults(value: unknown, schema: JsonSchema): void {
  if (!hasDefaults(schema)) return;
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) applyDefaults(item, schema.items);
    return;
  }
  if (!isRecord(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined) continue;
    const isMissing = !Object.hasOwn(value, name) || value[name] === undefined;
    if (isMissing || (value[name] === null && property.nullable !== true)) value[name] = structuredClone(property.default);
  }
  const entries = entrySchema(schema);
  for (const name of Object.keys(value)) {
    const known = propertyOf(schema, name) ?? entries;
    if (known !== undefined) applyDefaults(value[name], known);
  }
}

const known = new WeakMap<JsonSchema, boolean>();

/** Anywhere in it; most schemas have none, and then nothing is walked. */
export function hasDefaults(schema: JsonSchema): boolean {
  const cached = known.get(schema);
  if (cached !== undefined) return cached;
  const inner = [...Object.values(schema.properties ?? {}), schema.items, entrySchema(schema)];
  const found = inner.some((one) => one !== undefined && (one.default !== undefined || hasDefaults(one)));
  known.set(schema, found);
  return found;
}
