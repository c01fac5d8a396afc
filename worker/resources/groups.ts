/**
 * The groups and versions of kinds, in upstream's order: built-in groups by a priority of their own, others after them
 * by name; within a group the most stable version first.
 */
export interface GroupVersion {
  group: string;
  version: string;
}

/** As kube-apiserver registers them. */
const groupPriorities: Record<string, number> = {
  "": 18000,
  "apiregistration.k8s.io": 17900,
  apps: 17800,
  "events.k8s.io": 17750,
  "authentication.k8s.io": 17700,
  "authorization.k8s.io": 17600,
  autoscaling: 17500,
  batch: 17400,
  "certificates.k8s.io": 17300,
  "networking.k8s.io": 17200,
  policy: 17100,
  "rbac.authorization.k8s.io": 17000,
  "storage.k8s.io": 16800,
  "apiextensions.k8s.io": 16700,
  "admissionregistration.k8s.io": 16700,
  "scheduling.k8s.io": 16600,
  "coordination.k8s.io": 16500,
  "node.k8s.io": 16300,
  "discovery.k8s.io": 16200,
  "resource.k8s.io": 16200,
  "flowcontrol.apiserver.k8s.io": 16100,
};
const priorityOfOthers = 1000;

export function groupPriority(group: string): number {
  return Object.hasOwn(groupPriorities, group) ? (groupPriorities[group] ?? priorityOfOthers) : priorityOfOthers;
}

/** One of Kubernetes' own, not of a CustomResourceDefinition. */
export function isBuiltInGroup(group: string): boolean {
  return Object.hasOwn(groupPriorities, group);
}

/** Group → its versions, both in order. */
export function groupsOf(kinds: readonly GroupVersion[]): Map<string, string[]> {
  const versions = new Map<string, Set<string>>();
  for (const { group, version } of kinds) versions.set(group, (versions.get(group) ?? new Set()).add(version));
  const groups = [...versions.keys()].toSorted((left, right) => groupPriority(right) - groupPriority(left) || (left < right ? -1 : 1));
  return new Map(groups.map((group) => [group, [...(versions.get(group) ?? [])].toSorted(compareVersions)]));
}

/** Stable before beta before alpha, later before earlier; what is no version of this form comes last, by name. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [parts(left), parts(right)];
  if (a === undefined || b === undefined) return a === b ? (left < right ? -1 : Number(left > right)) : a === undefined ? 1 : -1;
  return b.stability - a.stability || b.major - a.major || b.minor - a.minor;
}

const stabilities: Record<string, number> = { alpha: 0, beta: 1 };

function parts(version: string): { stability: number; major: number; minor: number } | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return undefined;
  const [, major, stage, minor] = match;
  return { stability: stage === undefined ? 2 : (stabilities[stage] ?? 0), major: Number(major), minor: Number(minor ?? 0) };
}
