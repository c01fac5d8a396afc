/** The shapes that every Kubernetes object shares, beside the generated types. */
import type { ObjectMeta } from "./generated/types.ts";

/** Metadata of an object that the store holds; `resourceVersion` is a decimal string, unique in the cluster. */
export interface StoredMeta extends ObjectMeta {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
}

/** Any object of the API as it arrives or leaves: parsed JSON whose kind-specific part is not yet known. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  [field: string]: unknown;
}

/** `T` as read back from the store. */
export type Stored<T> = T & { metadata: StoredMeta };
