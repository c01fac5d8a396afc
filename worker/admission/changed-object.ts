/** What somebody outside made of an object: it must still be one of its kind, and what the server says of it stays. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { decode, type DecodeResult } from "../resources/decode.ts";
import type { Resource } from "../resources/resource.ts";

export function decodeChanged({ schema, custom }: Resource, changed: unknown): DecodeResult<KubernetesObject> {
  return custom === undefined ? decode<KubernetesObject>(schema, changed) : custom.decode(changed);
}

export function withServerFields(changed: KubernetesObject, before: KubernetesObject): KubernetesObject {
  const { uid, namespace, creationTimestamp, resourceVersion, generation, name } = before.metadata ?? {};
  const kept = Object.entries({ name, namespace, uid, creationTimestamp, resourceVersion, generation }).filter(([, value]) => value !== undefined);
  return { ...changed, metadata: { ...changed.metadata, ...Object.fromEntries(kept) } };
}
