/** From Kubernetes' requests and limits to the numbers of the kernel, as the kubelet computes them. */
import type { Container, Pod, ResourceRequirements } from "../../protocol/kubernetes/generated/types.ts";
import { milliOf, unitsOf } from "../../protocol/quantity.ts";
import type { ContainerConfig } from "../runtime/runtime.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const cpuPeriodMicros = 100_000;
const minimumShares = 2;
const maximumShares = 262_144;
const minimumQuotaMicros = 1000;

/** cpu.shares of a request. */
export function cpuShares(milliCpu: number): number {
  return Math.min(maximumShares, Math.max(minimumShares, Math.floor((milliCpu * 1024) / 1000)));
}

/** cfs quota of a limit for each period of 100 ms; 0 is unlimited. */
export function cpuQuota(milliCpu: number): number {
  return milliCpu === 0 ? 0 : Math.max(minimumQuotaMicros, Math.floor((milliCpu * cpuPeriodMicros) / 1000));
}

const cpuOf = (list: Record<string, string | number> | undefined): number => (list?.["cpu"] === undefined ? 0 : milliOf(list["cpu"]));
const memoryOf = (list: Record<string, string | number> | undefined): number => (list?.["memory"] === undefined ? 0 : unitsOf(list["memory"]));

/** A limit without a request is a request, too. */
const requestedCpu = ({ requests, limits }: ResourceRequirements): number => cpuOf(requests?.["cpu"] === undefined ? limits : requests);
const requestedMemory = ({ requests, limits }: ResourceRequirements): number => memoryOf(requests?.["memory"] === undefined ? limits : requests);

export function containerResources(pod: Pod, container: Container, nodeMemoryBytes: number): ContainerConfig["resources"] {
  const resources = container.resources ?? {};
  const quota = cpuQuota(cpuOf(resources.limits));
  return {
    cpuShares: cpuShares(requestedCpu(resources)),
    cpuPeriod: quota === 0 ? 0 : cpuPeriodMicros,
    cpuQuota: quota,
    memoryLimitBytes: memoryOf(resources.limits),
    oomScoreAdj: oomScoreAdjust({ qosClass: qosClassOf(pod), memoryBytes: requestedMemory(resources), nodeMemoryBytes }),
  };
}

/** The more of its node a burstable container asked for, the later the kernel kills it. */
export function oomScoreAdjust(options: { qosClass: QosClass; memoryBytes: number; nodeMemoryBytes: number }): number {
  if (options.qosClass === "Guaranteed") return -997;
  if (options.qosClass === "BestEffort") return 1000;
  const score = Math.floor(1000 - (1000 * options.memoryBytes) / options.nodeMemoryBytes);
  return Math.min(999, Math.max(3, score));
}

export function qosClassOf(pod: Pod): QosClass {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const amounts = containers.map(({ resources = {} }) => ({
    request: { cpu: requestedCpu(resources), memory: requestedMemory(resources) },
    limit: { cpu: cpuOf(resources.limits), memory: memoryOf(resources.limits) },
  }));
  const isEmpty = amounts.every(({ request, limit }) => request.cpu + request.memory + limit.cpu + limit.memory === 0);
  if (isEmpty) return "BestEffort";
  const isGuaranteed = amounts.every(({ request, limit }) => {
    return limit.cpu > 0 && limit.memory > 0 && request.cpu === limit.cpu && request.memory === limit.memory;
  });
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

export interface PodResources {
  milliCpu: number;
  memoryBytes: number;
}

type Amount = (resources: ResourceRequirements) => PodResources;
const requests: Amount = (resources) => ({ milliCpu: requestedCpu(resources), memoryBytes: requestedMemory(resources) });

/** What a pod asks of its node: the larger of what its containers need together and what each init step needs. */
export function podRequests(pod: Pod): PodResources {
  const overhead = pod.spec?.overhead;
  const sum = podSum(pod, requests);
  return { milliCpu: sum.milliCpu + cpuOf(overhead), memoryBytes: sum.memoryBytes + memoryOf(overhead) };
}

/** The pod's cgroup limits; 0 where a container has none, because then the pod has none. */
export function podLimits(pod: Pod): PodResources {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const limits: Amount = (resources) => ({ milliCpu: cpuOf(resources.limits), memoryBytes: memoryOf(resources.limits) });
  const sum = podSum(pod, limits);
  const isLimited = (amount: (resources: ResourceRequirements) => number): boolean => containers.every(({ resources = {} }) => amount(resources) > 0);
  return {
    milliCpu: isLimited((resources) => cpuOf(resources.limits)) ? sum.milliCpu : 0,
    memoryBytes: isLimited((resources) => memoryOf(resources.limits)) ? sum.memoryBytes : 0,
  };
}

function podSum(pod: Pod, amount: Amount): PodResources {
  const add = (a: PodResources, b: PodResources): PodResources => ({ milliCpu: a.milliCpu + b.milliCpu, memoryBytes: a.memoryBytes + b.memoryBytes });
  const most = (a: PodResources, b: PodResources): PodResources => ({
    milliCpu: Math.max(a.milliCpu, b.milliCpu),
    memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
  });
  let sidecars: PodResources = { milliCpu: 0, memoryBytes: 0 };
  let peak = sidecars;
  for (const { resources = {}, restartPolicy } of pod.spec?.initContainers ?? []) {
    const needed = add(sidecars, amount(resources));
    peak = most(peak, needed);
    if (restartPolicy === "Always") sidecars = needed;
  }
  const running = (pod.spec?.containers ?? []).reduce((sum, { resources = {} }) => add(sum, amount(resources)), sidecars);
  return most(running, peak);
}
