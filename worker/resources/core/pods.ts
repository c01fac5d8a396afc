/** Pods. */
import type { Pod } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { defineResource } from "../define.ts";
import { podColumns } from "./pod-columns.ts";
import { defaultPod, defaultPodSpec, defaultScheduler } from "./pod-defaults.ts";
import { claimTerms, podReferences } from "./pod-references.ts";
import { podSpecErrors } from "../rules/pod-rules.ts";
import { ephemeralCreateErrors, ephemeralUpdateErrors, resizeErrors, withResources } from "../rules/pod-subresource-rules.ts";
import { podUpdateErrors } from "../rules/pod-update-rules.ts";
import { qosClassOf } from "./qos.ts";
import { podUses } from "./quota-uses.ts";
import { keepAllBut, keepMetadata, statusStrategy } from "../status-strategy.ts";
import type { SubresourceStrategy } from "../resource.ts";
import { podWarnings } from "../warnings/pods.ts";
import { hostnameWarnings } from "../warnings/workloads.ts";

export const pods = defineResource<Pod>({
  version: "v1",
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  schema: "io.k8s.api.core.v1.Pod",
  hasGeneration: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    defaultPodSpec(spec);
    defaultPod(spec);
  },
  prepareForCreate(pod) {
    const { spec } = pod;
    if (spec === undefined) return;
    pod.status = { phase: "Pending", qosClass: qosClassOf(spec) };
    spec.serviceAccountName ??= "default";
    spec.serviceAccount = spec.serviceAccountName;
  },
  validate: ({ spec }) => podSpecErrors("spec", spec),
  validateCreate: ephemeralCreateErrors,
  validateUpdate: podUpdateErrors,
  // Controllers update pods; what they are told of, nobody reads.
  warnings: (pod, previous) => (previous === undefined ? [...hostnameWarnings("the Pod's hostname", pod), ...podWarnings("", pod)] : []),
  subresources: { status: podStatus(), binding: binding(), ephemeralcontainers: ephemeralContainers(), resize: resize() },
  columns: podColumns,
  selectableFields: ({ spec, status }) => ({
    "spec.nodeName": spec?.nodeName ?? "",
    "spec.restartPolicy": spec?.restartPolicy ?? "",
    "spec.schedulerName": spec?.schedulerName ?? "",
    "spec.serviceAccountName": spec?.serviceAccountName ?? "",
    "spec.hostNetwork": String(spec?.hostNetwork ?? false),
    "status.phase": status?.phase ?? "",
    "status.podIP": status?.podIPs?.[0]?.ip ?? status?.podIP ?? "",
    "status.nominatedNodeName": status?.nominatedNodeName ?? "",
  }),
  terms(pod) {
    const references = [...podReferences(pod).map((key) => `ref:${key}`), ...claimTerms(pod)];
    if (isTerminal(pod)) return ["terminated", ...nodeTerm(pod), ...references];
    return [...(pod.spec?.nodeName ? nodeTerm(pod) : ["unbound"]), ...references, ...openGates(pod)];
  },
  // A bound pod is its node's to run; one that waits for a node is its scheduler's, which need not be ours.
  isSettled: (pod) => isTerminal(pod) || Boolean(pod.spec?.nodeName) || (pod.spec?.schedulerName ?? defaultScheduler) !== defaultScheduler,
  uses: podUses,
  graceSeconds: gracePeriod,
});

const nodeTerm = (pod: Pod): string[] => (pod.spec?.nodeName ? [`node:${pod.spec.nodeName}`] : []);

/** Readiness gates that somebody else opened: what others put into a status is for the node to hear of. */
function openGates({ spec, status }: Pod): string[] {
  const isOpen = (type: string) => status?.conditions?.some((condition) => condition.type === type && condition.status === "True") === true;
  return (spec?.readinessGates ?? []).filter(({ conditionType }) => isOpen(conditionType)).map(({ conditionType }) => `gate:${conditionType}`);
}

export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Nobody has to stop the containers of a pod that is bound nowhere or has ended: it goes at once. */
function gracePeriod(pod: Stored<Pod>, asked: number | undefined): number {
  if (!pod.spec?.nodeName || isTerminal(pod)) return 0;
  const wanted = asked ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return wanted < 0 ? 1 : wanted;
}

function podStatus(): SubresourceStrategy<Pod> {
  const common = statusStrategy<Pod>();
  return {
    ...common,
    prepareForUpdate(next, previous) {
      keepAllBut(next, previous, "status");
      keepMetadata(next, previous, ["ownerReferences"]);
      // The class never changes after the create.
      const qosClass = previous.status?.qosClass;
      if (qosClass !== undefined) next.status = { ...next.status, qosClass };
    },
  };
}

function binding(): SubresourceStrategy<Pod> {
  return {
    prepareForUpdate(next, previous) {
      const nodeName = next.spec?.nodeName ?? "";
      next.spec = { containers: [], ...previous.spec, nodeName };
    },
    validateUpdate: () => [],
  };
}

/** Containers that come later, to look around. Stored and checked; nodes do not start them yet. */
function ephemeralContainers(): SubresourceStrategy<Pod> {
  return {
    prepareForUpdate(next, previous) {
      const list = next.spec?.ephemeralContainers;
      keepAllBut(next, previous, "spec");
      keepMetadata(next, previous, ["labels", "annotations", "ownerReferences", "finalizers"]);
      next.spec = { containers: [], ...previous.spec };
      if (list === undefined) delete next.spec.ephemeralContainers;
      else next.spec.ephemeralContainers = list;
    },
    validateUpdate: ephemeralUpdateErrors,
  };
}

/** Only what the containers ask for changes. Stored and checked; nodes do not act on it yet. */
function resize(): SubresourceStrategy<Pod> {
  return {
    prepareForUpdate(next, previous) {
      const asked = next.spec;
      keepAllBut(next, previous, "spec");
      keepMetadata(next, previous, ["labels", "annotations", "ownerReferences", "finalizers"]);
      const before = previous.spec ?? { containers: [] };
      next.spec = { ...before, containers: withResources(before.containers, asked?.containers) };
      if (before.initContainers !== undefined) next.spec.initContainers = withResources(before.initContainers, asked?.initContainers);
    },
    validateUpdate: resizeErrors,
  };
}
