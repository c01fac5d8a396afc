/** The little that the scheduler keeps of a pod. */
import type {
  NodeAffinity, Pod, PodAffinityTerm, Toleration, TopologySpreadConstraint,
} from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { requirementsOf, type LabelRequirement, type LabelSelector } from "../../protocol/selectors.ts";
import { assumedRequestsOf, requestsOf, type Amounts } from "./quantities.ts";

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

export interface AffinityTerm {
  topologyKey: string;
  /** Undefined: selects nothing. */
  labels: readonly LabelRequirement[] | undefined;
  namespaces: ReadonlySet<string>;
  namespaceLabels: readonly LabelRequirement[] | undefined;
}

export interface WeightedTerm {
  weight: number;
  term: AffinityTerm;
}

export interface SpreadConstraint {
  topologyKey: string;
  maxSkew: number;
  minDomains: number;
  labels: readonly LabelRequirement[] | undefined;
  isHard: boolean;
  honorsAffinity: boolean;
  honorsTaints: boolean;
}

/** The one that we are. */
const defaultScheduler = "default-scheduler";

export interface PodInfo {
  /** Object key. */
  key: string;
  uid: string;
  namespace: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  controllerUid: string | undefined;
  /** Empty while it waits. */
  nodeName: string;
  nominatedNodeName: string;
  schedulerName: string;
  isGated: boolean;
  isDeleting: boolean;
  isTerminal: boolean;
  priority: number;
  mayPreempt: boolean;
  createdAt: string;
  startedAt: string;
  requests: Amounts;
  assumed: { milliCpu: number; memoryBytes: number };
  ports: readonly HostPort[];
  images: readonly string[];
  containerCount: number;
  nodeSelector: Readonly<Record<string, string>> | undefined;
  nodeAffinity: NodeAffinity | undefined;
  tolerations: readonly Toleration[];
  spread: readonly SpreadConstraint[];
  affinity: readonly AffinityTerm[];
  antiAffinity: readonly AffinityTerm[];
  preferredAffinity: readonly WeightedTerm[];
  preferredAntiAffinity: readonly WeightedTerm[];
  /** Message of its PodScheduled condition while that is False. */
  unschedulableMessage: string;
}

export function podInfoOf(key: string, pod: Stored<Pod>): PodInfo {
  const { metadata, spec, status } = pod;
  const labels = metadata.labels ?? {};
  const namespace = metadata.namespace ?? "";
  const terms = (list: PodAffinityTerm[] | undefined) => (list ?? []).map((term) => affinityTermOf(term, labels, namespace));
  const weighted = (list: { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined) =>
    (list ?? []).map(({ weight, podAffinityTerm }) => ({ weight, term: affinityTermOf(podAffinityTerm, labels, namespace) }));
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const { podAffinity, podAntiAffinity, nodeAffinity } = spec?.affinity ?? {};
  return {
    key,
    uid: metadata.uid,
    namespace,
    name: metadata.name,
    labels,
    controllerUid: metadata.ownerReferences?.find((owner) => owner.controller)?.uid,
    nodeName: spec?.nodeName ?? "",
    nominatedNodeName: status?.nominatedNodeName ?? "",
    schedulerName: spec?.schedulerName ?? defaultScheduler,
    isGated: (spec?.schedulingGates ?? []).length > 0,
    isDeleting: metadata.deletionTimestamp !== undefined,
    isTerminal: status?.phase === "Succeeded" || status?.phase === "Failed",
    priority: spec?.priority ?? 0,
    mayPreempt: spec?.preemptionPolicy !== "Never",
    createdAt: metadata.creationTimestamp,
    startedAt: status?.startTime ?? "",
    requests: requestsOf(pod),
    assumed: assumedRequestsOf(pod),
    ports: containers.flatMap((container) => (container.ports ?? []).filter((port) => port.hostPort).map((port) => ({
      ip: port.hostIP || "0.0.0.0", protocol: port.protocol ?? "TCP", port: port.hostPort ?? 0,
    }))),
    images: containers.map((container) => normalizedImage(container.image ?? "")),
    containerCount: containers.length,
    nodeSelector: spec?.nodeSelector,
    nodeAffinity,
    tolerations: spec?.tolerations ?? [],
    spread: (spec?.topologySpreadConstraints ?? []).map((constraint) => spreadOf(constraint, labels)),
    affinity: terms(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: terms(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    unschedulableMessage: status?.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is === "False")?.message ?? "",
  };
}

function affinityTermOf(term: PodAffinityTerm, labels: Record<string, string>, namespace: string): AffinityTerm {
  const { topologyKey, labelSelector, matchLabelKeys, mismatchLabelKeys, namespaceSelector, namespaces = [] } = term;
  const isOwnNamespace = namespaces.length === 0 && namespaceSelector === undefined;
  const mismatch = (mismatchLabelKeys ?? []).flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator: "NotIn" as const, values: [labels[key]] }]));
  const selected = selectorOf(labelSelector, matchLabelKeys, labels);
  return {
    topologyKey,
    labels: selected && [...selected, ...mismatch],
    namespaces: new Set(isOwnNamespace ? [namespace] : namespaces),
    namespaceLabels: namespaceSelector && requirementsOf(selectorShape(namespaceSelector)),
  };
}

function spreadOf(constraint: TopologySpreadConstraint, labels: Record<string, string>): SpreadConstraint {
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    labels: selectorOf(constraint.labelSelector, constraint.matchLabelKeys, labels),
    isHard: constraint.whenUnsatisfiable === "DoNotSchedule",
    honorsAffinity: constraint.nodeAffinityPolicy !== "Ignore",
    honorsTaints: constraint.nodeTaintsPolicy === "Honor",
  };
}

function selectorOf(
  selector: LabelSelector | undefined,
  matchLabelKeys: string[] | undefined,
  labels: Record<string, string>,
): readonly LabelRequirement[] | undefined {
  if (!selector) return undefined;
  const same = (matchLabelKeys ?? []).flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator: "In" as const, values: [labels[key]] }]));
  return [...requirementsOf(selectorShape(selector)), ...same];
}

const selectorShape = (selector: LabelSelector): LabelSelector => selector;

/** Images without a tag or digest mean `:latest`; nodes list them with it. */
export function normalizedImage(image: string): string {
  return image.lastIndexOf(":") <= image.lastIndexOf("/") && !image.includes("@") ? `${image}:latest` : image;
}

/** It is for this scheduler to find it a node. */
export function isWaiting({ nodeName, isTerminal, isDeleting, schedulerName }: PodInfo): boolean {
  return nodeName === "" && !isTerminal && !isDeleting && schedulerName === defaultScheduler;
}
