/**
 * Pod garbage collection, key `podgc/`: `podgc//<node>` ends the pods of a Node that is not there, `podgc//` the
 * oldest finished pods beyond the threshold.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection
 */
import type { Node, Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { withCondition } from "./conditions.ts";
import type { Action, Controller, Reconciliation } from "./controller.ts";
import { isTerminal } from "./pod-state.ts";
import { terminatedPodThreshold } from "./policy.ts";
import { millisecondsOf } from "./time.ts";

export interface PodGarbageSnapshot {
  /** Pods bound to a Node that does not exist. */
  homeless: Stored<Pod>[];
  /** Finished pods of the whole cluster. */
  finished: Stored<Pod>[];
  /** The Node was missing before, a quarantine ago. */
  isConfirmed: boolean;
  now: number;
}

/** A Node may come back (its agent registers it again), and a pod may be bound a moment before its Node is there. */
const quarantineMs = 40_000;
const mostAtOnce = 250;

export const podGarbageController: Controller<PodGarbageSnapshot> = {
  name: "podgc",
  async observe(reader, key, now) {
    const node = key.slice(key.lastIndexOf("/") + 1);
    const isConfirmed = reader.isRequeued;
    if (node === "") {
      return { homeless: [], finished: await reader.list<Pod>({ resource: "pods", term: "terminated" }), isConfirmed, now };
    }
    const isThere = (await reader.get<Node>(`nodes//${node}`)) !== undefined;
    const homeless = isThere ? [] : await reader.list<Pod>({ resource: "pods", term: `node:${node}` });
    return { homeless, finished: [], isConfirmed, now };
  },
  reconcile: reconcilePodGarbage,
};

export function reconcilePodGarbage({ homeless, finished, isConfirmed, now }: PodGarbageSnapshot): Reconciliation {
  const youngestAllowed = now - quarantineMs;
  const isDue = (pod: Stored<Pod>) => isConfirmed && millisecondsOf(pod.metadata.creationTimestamp) <= youngestAllowed;
  const due = homeless.filter(isDue);
  const young = homeless.map((pod) => millisecondsOf(pod.metadata.creationTimestamp) - youngestAllowed).filter((waitMs) => waitMs > 0);
  const waits = isConfirmed ? young : homeless.map(() => quarantineMs);
  const requeueAfterMs = due.length > mostAtOnce ? 1 : waits.length > 0 ? Math.min(...waits) : undefined;
  const tooMany = Math.max(0, finished.length - terminatedPodThreshold);
  const oldest = finished.toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
  return {
    actions: [
      ...due.slice(0, mostAtOnce).flatMap((pod) => endHomeless(pod, now)),
      ...oldest.slice(0, Math.min(tooMany, mostAtOnce)).map(removal),
    ],
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  };
}

/** Nobody is there to end its containers: it is declared failed and removed. */
function endHomeless(pod: Stored<Pod>, now: number): Action[] {
  if (isTerminal(pod)) return [removal(pod)];
  const disrupted = { type: "DisruptionTarget", status: "True", reason: "DeletionByPodGC", message: "PodGC: node no longer exists" };
  const status = { ...pod.status, phase: "Failed", conditions: withCondition(pod.status?.conditions, disrupted, now) };
  return [{ type: "update", object: { ...pod, status }, subresource: "status" }, removal(pod)];
}

const removal = (object: Stored<Pod>): Action => ({ type: "delete", object, options: { gracePeriodSeconds: 0 } });
