/**
 * What pods, claims and Services use of ResourceQuotas, for their index. That an object is one of its kind
 * (`count/configmaps`) needs no saying: the key tells.
 */
import type { PersistentVolumeClaim, Pod, PodAffinityTerm, PodSpec, ResourceQuota, Service } from "../../../protocol/kubernetes/generated/types.ts";
import { formatQuantity } from "../../../protocol/quantity.ts";
import type { LabelRequirement } from "../../../protocol/selectors.ts";
import type { Uses } from "../../storage/store.ts";
import { podAmounts } from "./pod-amounts.ts";
import { qosClassOf } from "./qos.ts";
import { amountOf, amountsOf } from "./quota-measures.ts";

/** A pod that has ended uses nothing any more. */
export function podUses({ spec, status }: Pod): Uses | undefined {
  if (spec === undefined || status?.phase === "Succeeded" || status?.phase === "Failed") return undefined;
  const amounts: Record<string, number> = {};
  for (const bound of ["requests", "limits"] as const) {
    for (const [name, quantity] of podAmounts(spec, bound)) {
      const measure = `${bound}.${name}`;
      amounts[measure] = amountOf(measure, formatQuantity(quantity));
    }
  }
  const traits = traitsOf(spec);
  return Object.keys(traits).length === 0 ? { amounts } : { amounts, traits };
}

/** What scopes tell pods apart by; the opposites (NotTerminating, NotBestEffort) are left to the reader. */
function traitsOf(spec: PodSpec): Record<string, string> {
  return {
    ...(spec.activeDeadlineSeconds === undefined ? {} : { Terminating: "" }),
    ...(qosClassOf(spec) === "BestEffort" ? { BestEffort: "" } : {}),
    ...(spec.priorityClassName ? { PriorityClass: spec.priorityClassName } : {}),
    ...(crossesNamespaces(spec) ? { CrossNamespacePodAffinity: "" } : {}),
  };
}

function crossesNamespaces({ affinity }: PodSpec): boolean {
  const crosses = ({ namespaces = [], namespaceSelector }: PodAffinityTerm) => namespaces.length > 0 || namespaceSelector !== undefined;
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((one) =>
    one?.requiredDuringSchedulingIgnoredDuringExecution?.some(crosses) === true
    || one?.preferredDuringSchedulingIgnoredDuringExecution?.some(({ podAffinityTerm }) => crosses(podAffinityTerm)) === true);
}

export function claimUses({ spec, status }: PersistentVolumeClaim): Uses {
  const asked = amountOf("requests.storage", spec?.resources?.requests?.["storage"] ?? 0);
  // While it shrinks it still uses what it has.
  const storage = Math.max(asked, amountOf("requests.storage", status?.allocatedResources?.["storage"] ?? 0));
  const ofClass = `${spec?.storageClassName ?? ""}.storageclass.storage.k8s.io`;
  const ofItsClass = spec?.storageClassName ? { [`${ofClass}/requests.storage`]: storage, [`${ofClass}/persistentvolumeclaims`]: 1 } : {};
  const attributes = spec?.volumeAttributesClassName;
  return { amounts: { "requests.storage": storage, ...ofItsClass }, ...(attributes ? { traits: { VolumeAttributesClass: attributes } } : {}) };
}

export function serviceUses({ spec }: Service): Uses | undefined {
  const ports = spec?.ports ?? [];
  switch (spec?.type) {
    case "NodePort":
      return { amounts: { "services.nodeports": ports.length } };
    case "LoadBalancer": {
      const count = spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length;
      return { amounts: { "services.loadbalancers": 1, "services.nodeports": count } };
    }
    default:
      return undefined;
  }
}

/** The budget that a ResourceQuota is. */
export function quotaLimits({ spec }: ResourceQuota): Record<string, number> {
  return amountsOf(spec?.hard ?? {});
}

export function quotaCovers({ spec }: ResourceQuota): LabelRequirement[] {
  const scopes = (spec?.scopes ?? []).map((key): LabelRequirement => ({ key, operator: "Exists" }));
  const selected = (spec?.scopeSelector?.matchExpressions ?? []).map(({ scopeName, operator, values }): LabelRequirement => ({
    key: scopeName,
    // Validation has seen to it.
    operator: operator as LabelRequirement["operator"],
    ...(values === undefined ? {} : { values }),
  }));
  return [...scopes, ...selected];
}
