/**
 * What a node's agent is to know, put together from what the store answered. Pure. Objects stay the JSON text that
 * the store holds; only pods that are new to the node are parsed, for what they refer to.
 */
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { PollResponse } from "../../protocol/agent.ts";
import type { SessionRequest } from "../../protocol/session.ts";
import { objectOf, splice } from "../registry/text.ts";
import { configMaps } from "../resources/core/config-maps.ts";
import { endpointSlices } from "../resources/discovery/endpoint-slices.ts";
import { podReferences } from "../resources/core/pod-references.ts";
import { pods } from "../resources/core/pods.ts";
import type { Resource } from "../resources/resource.ts";
import { secrets } from "../resources/core/secrets.ts";
import { services } from "../resources/core/services.ts";
import type { ChangeEvent, ObjectKey, StoredObject } from "../storage/store.ts";

type ObjectField = "pods" | "configMaps" | "secrets" | "services" | "endpointSlices";

const resourceOfField: Record<ObjectField, Resource> = { pods, configMaps, secrets, services, endpointSlices };

/** The objects of one answer, in the store's own form. */
export type Assignment = Record<ObjectField, StoredObject[]> & { removed: PollResponse["removed"] };

/** The store's changes since the agent's last answer, by kind. */
export type Changes = Record<ObjectField, ChangeEvent[]>;

export function parsePod(stored: Pick<StoredObject, "text" | "revision">): Pod {
  return objectOf<Pod>(pods, stored);
}

/** Everything at once. `found` is what the pods refer to, as far as it exists. */
export function snapshot(
  listed: Record<"pods" | "services" | "endpointSlices", StoredObject[]>,
  found: (StoredObject | undefined)[],
): Assignment {
  return { ...listed, ...byKind(found), removed: [] };
}

/** Objects that pods of this list refer to, each once. */
export function referencesOfAll(stored: Pick<StoredObject, "text" | "revision">[]): ObjectKey[] {
  return [...new Set(stored.flatMap((pod) => podReferences(parsePod(pod))))];
}

/** Pods that became this node's: what they refer to has to be sent along, whenever it last changed. */
export function newPods(changes: Changes): ChangeEvent[] {
  return changes.pods.filter((event) => event.type === "ADDED");
}

/** True if ConfigMaps or Secrets changed at all, so that it matters what the node's pods refer to. */
export function touchesReferences(changes: Changes): boolean {
  return changes.configMaps.length + changes.secrets.length > 0;
}

/** `wanted`: what the node's pods refer to; `found`: what newly arrived pods refer to, in full. */
export function delta(changes: Changes, wanted: ReadonlySet<ObjectKey>, found: (StoredObject | undefined)[]): Assignment {
  const full = byKind(found);
  const isWanted = (event: ChangeEvent) => wanted.has(event.key);
  const parts = {
    pods: settle(changes.pods),
    services: settle(changes.services),
    endpointSlices: settle(changes.endpointSlices),
    configMaps: settle(changes.configMaps.filter(isWanted)),
    secrets: settle(changes.secrets.filter(isWanted)),
  };
  return {
    pods: parts.pods.live,
    services: parts.services.live,
    endpointSlices: parts.endpointSlices.live,
    configMaps: newest(parts.configMaps.live, full.configMaps),
    secrets: newest(parts.secrets.live, full.secrets),
    removed: Object.values(parts).flatMap((part) => part.removed),
  };
}

export function isEmpty(assignment: Assignment): boolean {
  return Object.values(assignment).every((part) => part.length === 0);
}

export const nothing: Assignment = {
  pods: [], configMaps: [], secrets: [], services: [], endpointSlices: [], removed: [],
};

export interface AnswerParts {
  clusterUid: string;
  epoch: number;
  revision: number;
  complete: boolean;
  assignment: Assignment;
  sessions: SessionRequest[];
  reportStatus: boolean;
  peers?: PollResponse["peers"];
}

/** The JSON of a PollResponse, with the objects' text spliced in as it is. */
export function answerText({ assignment, ...head }: AnswerParts): string {
  const { removed, ...objects } = assignment;
  const { reportStatus, ...rest } = head;
  const envelope = JSON.stringify({ ...rest, removed, ...(reportStatus ? { reportStatus } : {}) } satisfies Partial<PollResponse>);
  const fields = (Object.keys(resourceOfField) as ObjectField[]).map((field) => {
    const items = objects[field].map((stored) => splice(resourceOfField[field], stored));
    return `"${field}":[${items.join(",")}]`;
  });
  return `${envelope.slice(0, -1)},${fields.join(",")}}`;
}

/** The last state of each object, and every identity that ended on the way (a StatefulSet's pod comes back by name). */
function settle(events: ChangeEvent[]): { live: StoredObject[]; removed: PollResponse["removed"] } {
  const live = new Map<ObjectKey, StoredObject & { uid: string }>();
  const removed = new Map<string, { key: ObjectKey; uid: string }>();
  for (const { key, uid, type, revision, text } of events) {
    const previous = live.get(key);
    if (previous && previous.uid !== uid) removed.set(previous.uid, { key, uid: previous.uid });
    if (type === "DELETED") {
      live.delete(key);
      removed.set(uid, { key, uid });
    } else {
      live.set(key, { key, uid, revision, text });
      removed.delete(uid);
    }
  }
  return { live: [...live.values()].map(({ uid: _uid, ...stored }) => stored), removed: [...removed.values()] };
}

function byKind(found: (StoredObject | undefined)[]): Record<"configMaps" | "secrets", StoredObject[]> {
  const present = found.filter((stored) => stored !== undefined);
  return {
    configMaps: present.filter((stored) => stored.key.startsWith("configmaps/")),
    secrets: present.filter((stored) => stored.key.startsWith("secrets/")),
  };
}

function newest(changed: StoredObject[], full: StoredObject[]): StoredObject[] {
  const byKey = new Map(changed.map((stored) => [stored.key, stored]));
  for (const stored of full) {
    const known = byKey.get(stored.key);
    if (!known || known.revision < stored.revision) byKey.set(stored.key, stored);
  }
  return [...byKey.values()];
}
