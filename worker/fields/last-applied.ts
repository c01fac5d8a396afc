/**
 * From client-side apply to server-side apply, and back: `kubectl apply` keeps what it applied in an annotation. When
 * kubectl applies on the server for the first time, what the annotation says and nobody changed since is its own to take;
 * afterwards the annotation follows, so that a client-side apply still works.
 */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { compare } from "./compare.ts";
import { difference, emptySet, type FieldSet } from "./field-set.ts";
import { statedPaths } from "./paths.ts";
import type { Shape } from "./shape.ts";

const annotation = "kubectl.kubernetes.io/last-applied-configuration";
const annotationsLimitBytes = 256 * 1024;

type JsonObject = Record<string, unknown>;

/** What kubectl may take from others without force. */
export function takeableByKubectl(shape: Shape, live: JsonObject): FieldSet {
  const last = parsed(annotationsOf(live)?.[annotation]);
  if (last === undefined || last["apiVersion"] !== live["apiVersion"]) return emptySet;
  const { added, modified, removed } = compare(shape, last, live);
  return [modified, added, removed].reduce(difference, statedPaths(shape, last));
}

/** The object with the annotation brought up to date; without one, the object as it is. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (!annotations?.[annotation] || !isRecord(object["metadata"])) return object;
  const next: JsonObject = { ...annotations, [annotation]: `${sortedJson(withoutAnnotation(config))}\n` };
  if (sizeOf(next) > annotationsLimitBytes) delete next[annotation];
  return { ...object, metadata: { ...object["metadata"], annotations: next } };
}

function annotationsOf({ metadata }: JsonObject): JsonObject | undefined {
  const annotations = isRecord(metadata) ? metadata["annotations"] : undefined;
  return isRecord(annotations) ? annotations : undefined;
}

function withoutAnnotation(config: JsonObject): JsonObject {
  const annotations = annotationsOf(config);
  if (annotations === undefined || !isRecord(config["metadata"])) return config;
  const { [annotation]: _, ...others } = annotations;
  return { ...config, metadata: { ...config["metadata"], annotations: others } };
}

const sizeOf = (annotations: JsonObject): number =>
  Object.entries(annotations).reduce((bytes, [key, value]) => bytes + key.length + String(value).length, 0);

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner);
}

function parsed(text: unknown): JsonObject | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
