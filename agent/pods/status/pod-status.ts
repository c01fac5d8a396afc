/**
 * A pod's status as a kubelet reports it. Pure: `pod.status` must be the last status reported (the API's at first), so
 * that times move only with what they tell.
 */
import type { PodStatus } from "../../../protocol/kubernetes/generated/types.ts";
import type { StoredPod } from "../observed.ts";
import { podConditions } from "./conditions.ts";
import { containerStatuses, type ContainerStatusInput } from "./container-status.ts";
import { phaseOf } from "./phase.ts";
import { timeOf } from "./time.ts";

/** A pod that the agent ended or refused: `Evicted`, `DeadlineExceeded`, `OutOfcpu`, `NodePorts`, … */
export interface Failure {
  reason: string;
  message: string;
}

export interface PodStatusInput extends ContainerStatusInput {
  pod: StoredPod;
  hostIps: readonly string[];
  nowMs: number;
  failure?: Failure | undefined;
}

export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, observed, failure, nowMs } = input;
  const { init, main } = containerStatuses(input);
  const phase = failure === undefined ? phaseOf({ pod, init, main, isEnding: input.isEnding }) : "Failed";
  const sandbox = observed.sandboxes[0];
  const isSandboxReady = sandbox?.state === "ready";
  const generation = pod.metadata.generation;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: podConditions({ pod, phase, init, main, isSandboxReady, nowMs }),
    ...(failure ?? keptFailure(pod)),
    ...hostAddresses(input.hostIps),
    ...podAddresses(input),
    startTime: pod.status?.startTime ?? timeOf(nowMs),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    ...(failure !== undefined && observed.containers.length === 0 ? {} : { containerStatuses: main }),
    ...(pod.status?.qosClass === undefined ? {} : { qosClass: pod.status.qosClass }),
  };
}

/** Reason and message of a phase that is final stay. */
function keptFailure({ status }: StoredPod): Partial<Failure> {
  if (status?.phase !== "Failed") return {};
  return { ...(status.reason && { reason: status.reason }), ...(status.message && { message: status.message }) };
}

function hostAddresses(hostIps: readonly string[]): Pick<PodStatus, "hostIP" | "hostIPs"> {
  const [hostIP] = hostIps;
  return hostIP === undefined ? {} : { hostIP, hostIPs: hostIps.map((ip) => ({ ip })) };
}

/** A stopped sandbox has lost its address, but the pod keeps the last one that it had. */
function podAddresses({ pod, observed, hostIps }: PodStatusInput): Pick<PodStatus, "podIP" | "podIPs"> {
  const sandbox = observed.sandboxes[0];
  const isHostNetwork = pod.spec?.hostNetwork === true;
  const ips = isHostNetwork && sandbox !== undefined ? hostIps : (sandbox?.ips ?? []);
  const [podIP] = ips;
  if (podIP !== undefined) return { podIP, podIPs: ips.map((ip) => ({ ip })) };
  const { status } = pod;
  return { ...(status?.podIP && { podIP: status.podIP }), ...(status?.podIPs && { podIPs: status.podIPs }) };
}
