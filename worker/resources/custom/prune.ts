/**
 * What a structural schema does not know is dropped, as apiextensions-apiserver's pruning does it.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
 */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import { entrySchema, isEmbedded, isPreserving, propertyOf, type JsonSchema } from "./json-schema.ts";

/** Fields that every object has, whatever its schema says. */
const metaFields = new Set(["apiVersion", "kind", "metadata"]);

/** Changes `value`; returns the paths of what was dropped. */
export function prune(value: unknown, schema: JsonSchema): string[] {
  const dropped: string[] = [];
  walk(dropped, value, schema, { path: "", isResource: true, isKept: false });
  return dropped;
}

interface Place {
  path: string;
  /** The object has metadata of its own. */
  isResource: boolean;
  /** Below something that preserves what is unknown: only what is known is looked into. */
  isKept: boolean;
}

function walk(dropped: string[], value: unknown, schema: JsonSchema | undefined, place: Place): void {
  const isKept = schema === undefined ? place.isKept : isPreserving(schema);
  if (Array.isArray(value)) {
    if (schema?.items === undefined && isKept) return;
    value.forEach((item, at) => walk(dropped, item, schema?.items, { path: `${place.path}[${at}]`, isResource: schema?.items !== undefined && isEmbedded(schema.items), isKept }));
  } else if (isRecord(value)) {
    for (const name of Object.keys(value)) walkField(dropped, value, name, { ...place, isKept }, schema);
  }
}

function walkField(dropped: string[], object: Record<string, unknown>, name: string, { path, isResource, isKept }: Place, schema: JsonSchema | undefined): void {
  if (isResource && metaFields.has(name)) return;
  const inner = path === "" ? name : `${path}.${name}`;
  const property = schema === undefined ? undefined : propertyOf(schema, name);
  const known = property ?? (schema === undefined ? undefined : entrySchema(schema));
  const isKnown = known !== undefined || schema?.additionalProperties === true;
  if (isKnown) walk(dropped, object[name], known, { path: inner, isResource: known !== undefined && isEmbedded(known), isKept: known === undefined && isKept });
  else if (!isKept) {
    dropped.push(inner);
    delete object[name];
  }
}
