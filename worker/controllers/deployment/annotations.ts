/** The annotations by which a Deployment and its ReplicaSets keep revisions and sizes. */
import type { Deployment, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { maxSurge, replicasOf } from "./size.ts";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
export const revisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
export const desiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";

/** Not copied to ReplicaSets: they are the Deployment's own, or the ReplicaSet has its own value. */
const keptBack = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  "deprecated.deployment.rollback.to",
]);
const maxRevisionHistoryLength = 2000;

type Annotations = Record<string, string>;

export function revisionOf(object: Deployment | ReplicaSet): number {
  return Number.parseInt(object.metadata?.annotations?.[revisionAnnotation] ?? "0", 10) || 0;
}

/** The revision that a template gets when it becomes (again) the newest. */
export function nextRevision(oldReplicaSets: ReplicaSet[]): number {
  return Math.max(0, ...oldReplicaSets.map(revisionOf)) + 1;
}

/** Annotations of the ReplicaSet of the current template; one that is rolled back to remembers its revisions. */
export function newestAnnotations(deployment: Deployment, replicaSet: ReplicaSet | undefined, revision: number): Annotations {
  const current = replicaSet?.metadata?.annotations ?? {};
  const copied = Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => !keptBack.has(key));
  const annotations: Annotations = { ...current, ...Object.fromEntries(copied) };
  const previous = current[revisionAnnotation];
  if (revision <= (Number.parseInt(previous ?? "0", 10) || 0)) return annotations;
  annotations[revisionAnnotation] = String(revision);
  if (previous === undefined) return annotations;
  return { ...annotations, [revisionHistoryAnnotation]: withRevision(current[revisionHistoryAnnotation], previous) };
}

function withRevision(history: string | undefined, revision: string): string {
  const revisions = (history ?? "").split(",").filter((entry) => entry !== "");
  revisions.push(revision);
  while (revisions.join(",").length > maxRevisionHistoryLength) revisions.shift();
  return revisions.join(",");
}

/** The Deployment's size when the ReplicaSet was last scaled: proportional scaling starts from it. */
export function sizeAnnotations(deployment: Stored<Deployment>): Annotations {
  const replicas = replicasOf(deployment);
  return {
    [desiredReplicasAnnotation]: String(replicas),
    [maxReplicasAnnotation]: String(replicas + maxSurge(deployment)),
  };
}

export function annotatedNumber(replicaSet: ReplicaSet, annotation: string): number | undefined {
  const text = replicaSet.metadata?.annotations?.[annotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
