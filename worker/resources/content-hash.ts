/** Tells a change of status from a change of anything else (see ObjectIndex.contentHash). */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";

/** A Node's `status.allocatable` counts as content: it decides what fits there. */
export function contentHashOf({ status, metadata, ...content }: KubernetesObject): string {
  const { resourceVersion: _revision, managedFields: _fields, ...lasting } = metadata ?? {};
  return contentHash(JSON.stringify([lasting, content, isRecord(status) ? status["allocatable"] : undefined]));
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Of any text. Two multiplicative hashes side by side (cyrb53): 53 bits, fast, not for secrets. */
export function contentHash(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let position = 0; position < text.length; position++) {
    const code = text.charCodeAt(position);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}
