/** kedge's own objects behind an agent's identity. They are stored like any other, and served to nobody. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { textOf } from "../registry/text.ts";
import type { ObjectIndex, ObjectKey, StoredObject, WriteOperation } from "../storage/store.ts";

export interface Agent {
  metadata: { name: string; uid: string; creationTimestamp: string };
  /** Ed25519, JWK `x`. */
  publicKey: string;
  /** The first session number of this key; the hub knows the newest. */
  session: number;
  /** What its Node is made of again if that was deleted and the agent lives on: its pods have their addresses. */
  podCidr: string;
  labels: Record<string, string>;
}

export interface JoinToken {
  metadata: { name: string; uid: string; creationTimestamp: string };
  /** Milliseconds since the epoch. */
  expiresAt: number;
  nodeName?: string;
}

export function agentKey(node: string): ObjectKey {
  return `_agents//${node}`;
}

export function agentOf(stored: Pick<StoredObject, "text">): Agent {
  return JSON.parse(stored.text) as Agent; // written by writeOf
}

/** Creates or replaces one of these objects. */
export function writeOf(
  key: ObjectKey,
  object: Agent | JoinToken,
  current: { revision: number } | undefined,
): WriteOperation {
  // Their own fields ride beside `metadata`, exactly as a Kubernetes object's do.
  const text = textOf(object as unknown as KubernetesObject);
  const index = plainIndex(object.metadata.uid, object.metadata.name);
  if (!current) return { verb: "create", key, text, index };
  return { verb: "update", key, text, index, expect: { revision: current.revision } };
}

function plainIndex(uid: string, name: string): ObjectIndex {
  const fields = { "metadata.name": name };
  return { uid, labels: {}, fields, terms: [], generation: 0, isDeleting: false, isSettled: true };
}
