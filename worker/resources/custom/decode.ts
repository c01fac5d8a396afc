/** A body as a custom resource: its metadata decoded as any object's, the rest pruned. */
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { decode, type DecodeResult } from "../decode.ts";
import { entrySchema, isEmbedded, propertyOf, type JsonSchema } from "./json-schema.ts";
import { prune } from "./prune.ts";

const metadataType = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

export function decodeCustom(schema: JsonSchema, value: unknown): DecodeResult<KubernetesObject> {
  const object = structuredClone(value);
  if (!isRecord(object)) return { ok: false, message: "json: cannot unmarshal into an object" };
  const unknownFields: string[] = [];
  const failure = decodeMetadata(object, "", unknownFields);
  if (failure !== undefined) return { ok: false, message: failure };
  unknownFields.push(...prune(object, schema).map((path) => `unknown field ${JSON.stringify(path)}`));
  decodeEmbedded(object, schema, { path: "", unknownFields });
  return { ok: true, object, unknownFields };
}

/** Undefined: it went well. */
function decodeMetadata(object: Record<string, unknown>, path: string, unknownFields: string[]): string | undefined {
  if (object["metadata"] === undefined || object["metadata"] === null) return void delete object["metadata"];
  const decoded = decode<object>(metadataType, object["metadata"]);
  if (!decoded.ok) return decoded.message;
  unknownFields.push(...decoded.unknownFields.map((text) => text.replace('unknown field "', `unknown field "${path}metadata.`)));
  object["metadata"] = decoded.object;
  return undefined;
}

interface Place {
  /** `""` at the root, `spec.templates[0]` */
  path: string;
  unknownFields: string[];
}

/** Metadata inside is made to fit: what is no metadata at all is dropped, fields that it does not have are named. */
function decodeEmbedded(value: unknown, schema: JsonSchema, { path, unknownFields }: Place): void {
  if (!hasEmbedded(schema)) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) value.forEach((item, at) => decodeEmbedded(item, items, { path: `${path}[${at}]`, unknownFields }));
  } else if (isRecord(value)) {
    const prefix = path === "" ? "" : `${path}.`;
    if (isEmbedded(schema) && decodeMetadata(value, prefix, unknownFields) !== undefined) delete value["metadata"];
    for (const [name, one] of Object.entries(value)) {
      const known = propertyOf(schema, name) ?? entrySchema(schema);
      if (known !== undefined) decodeEmbedded(one, known, { path: prefix + name, unknownFields });
    }
  }
}

const embedding = new WeakMap<JsonSchema, boolean>();

function hasEmbedded(schema: JsonSchema): boolean {
  const known = embedding.get(schema);
  if (known !== undefined) return known;
  const inner = [...Object.values(schema.properties ?? {}), schema.items, entrySchema(schema)];
  const found = isEmbedded(schema) || inner.some((one) => one !== undefined && hasEmbedded(one));
  embedding.set(schema, found);
  return found;
}
