/** Orders and kinds of a Deployment's ReplicaSets. */
import type { Deployment, PodTemplateSpec, ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { isSame } from "../equality.ts";
import { revisionOf } from "./annotations.ts";
import { replicasOf } from "./size.ts";

export const hashLabel = "pod-template-hash";

type Order = (a: Stored<ReplicaSet>, b: Stored<ReplicaSet>) => number;

/** Oldest first, by name among those of one second. */
export const byAge: Order = (a, b) =>
  compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) || compare(a.metadata.name, b.metadata.name);

export const byRevision: Order = (a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b);
export const largestNewestFirst: Order = (a, b) => replicasOf(b) - replicasOf(a) || byAge(b, a);
export const largestOldestFirst: Order = (a, b) => replicasOf(b) - replicasOf(a) || byAge(a, b);

export const isActiveSet = (replicaSet: ReplicaSet): boolean => replicasOf(replicaSet) > 0;

/** The same template but for the hash label that the Deployment adds. */
export function isOfTemplate(replicaSet: ReplicaSet, deployment: Deployment): boolean {
  return isSame(withoutHash(replicaSet.spec?.template), withoutHash(deployment.spec?.template));
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  const { [hashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
