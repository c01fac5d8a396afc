/**
 * The identities of a StatefulSet: name, hostname and labels of the pod of an ordinal.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-identity
 */
import type { Pod, PodTemplateSpec, StatefulSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { podFromTemplate } from "../pod-template.ts";

export const podNameLabel = "statefulset.kubernetes.io/pod-name";
export const podIndexLabel = "apps.kubernetes.io/pod-index";
export const revisionLabel = "controller-revision-hash";

/** The ordinal in a pod's name, or undefined if the name is none of this set's. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const match = /^(.*)-(\d+)$/.exec(pod.metadata?.name ?? "");
  return match?.[1] === set.metadata?.name && match?.[2] !== undefined ? Number(match[2]) : undefined;
}

export function firstOrdinal(set: StatefulSet): number {
  return set.spec?.ordinals?.start ?? 0;
}

export function revisionOfPod(pod: Pod): string | undefined {
  return pod.metadata?.labels?.[revisionLabel];
}

export function podOfOrdinal(set: Stored<StatefulSet>, template: PodTemplateSpec, ordinal: number, revision: string): Pod {
  const pod = podFromTemplate(set, template, { name: `${set.metadata.name}-${ordinal}` });
  const withRevision = { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [revisionLabel]: revision } } };
  const { spec } = withRevision;
  const subdomain = set.spec?.serviceName ?? "";
  const hostname = `${set.metadata.name}-${ordinal}`;
  return {
    ...withIdentity(withRevision, ordinal),
    ...(spec === undefined ? {} : { spec: { ...spec, hostname, ...(subdomain === "" ? {} : { subdomain }) } }),
  };
}

/** An adopted pod may lack the labels that say who it is. */
export function withIdentity<T extends Pod>(pod: T, ordinal: number): T {
  const identity = { [podNameLabel]: pod.metadata?.name ?? "", [podIndexLabel]: String(ordinal) };
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, ...identity } } };
}
