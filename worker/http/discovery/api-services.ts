/** The APIServices of the groups and versions that kedge serves itself, as upstream's aggregator keeps them. */
import { groupPriority, groupsOf, type GroupVersion } from "../../resources/groups.ts";

interface LocalApiService {
  metadata: { name: string; labels: Record<string, string> };
  spec: { group?: string; version: string; groupPriorityMinimum: number; versionPriority: number };
  [field: string]: unknown;
}

/** Where it is not the usual one; the core group has only one version and stands first anyway. */
const versionPriorities: Record<string, number> = { "/v1": 1, "autoscaling/v2": 30, "flowcontrol.apiserver.k8s.io/v1": 21 };
const usualPriority = 15;

export function localApiServices(kinds: readonly GroupVersion[]): LocalApiService[] {
  return [...groupsOf(kinds)].flatMap(([group, versions]) => versions.map((version) => ({
    metadata: { name: `${version}.${group}`, labels: { "kube-aggregator.kubernetes.io/automanaged": "onstart" } },
    spec: {
      ...(group === "" ? {} : { group }),
      version,
      groupPriorityMinimum: groupPriority(group),
      versionPriority: versionPriorities[`${group}/${version}`] ?? usualPriority,
    },
  })));
}
