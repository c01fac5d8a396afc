/** What of a Service has no effect, or a newer word. */
import type { Service } from "../../../protocol/kubernetes/generated/types.ts";

const oldHints = "service.kubernetes.io/topology-aware-hints";

export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const isHeadless = spec.type === "ClusterIP" && spec.clusterIP === "None";
  const hasExternalIPs = (spec.externalIPs ?? []).length > 0;
  const told = (isTrue: boolean, what: string) => (isTrue ? [what] : []);
  return [
    ...told(Object.hasOwn(metadata?.annotations ?? {}, oldHints), `annotation ${oldHints} is deprecated, please use service.kubernetes.io/topology-mode instead`),
    ...told(isHeadless && Boolean(spec.loadBalancerIP), "spec.loadBalancerIP is ignored for headless services"),
    ...told(isHeadless && hasExternalIPs, "spec.externalIPs is ignored for headless services"),
    ...told(isHeadless && spec.sessionAffinity !== "None", "spec.SessionAffinity is ignored for headless services"),
    ...told(spec.type === "ExternalName" && hasExternalIPs, 'spec.externalIPs is ignored when spec.type is "ExternalName"'),
    ...told(spec.type !== "ExternalName" && Boolean(spec.externalName), 'spec.externalName is ignored when spec.type is not "ExternalName"'),
    ...told(spec.trafficDistribution === "PreferClose", 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'),
  ];
}
