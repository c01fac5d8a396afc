/** What a kubelet checks before it takes a pod, whoever bound it. Pure. */
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import { milliOf, unitsOf } from "../../protocol/quantity.ts";
import { podRequests } from "./resources.ts";
import type { Failure } from "./status/pod-status.ts";

export interface AdmissionInput {
  pod: Pod;
  /** Pods that the node holds already and that have not ended. */
  others: readonly Pod[];
  allocatable: Readonly<Record<string, string>>;
  /** The disk is nearly full. */
  isUnderDiskPressure: boolean;
}

/** Why the pod cannot be taken; undefined if it can. */
export function admissionFailure(input: AdmissionInput): Failure | undefined {
  return pressure(input) ?? resources(input) ?? ports(input);
}

function pressure({ isUnderDiskPressure, pod }: AdmissionInput): Failure | undefined {
  // Critical pods (static ones, in a kubelet) are taken regardless; here these are system-node-critical.
  if (!isUnderDiskPressure || pod.spec?.priorityClassName === "system-node-critical") return undefined;
  return { reason: "Evicted", message: "Pod was rejected: The node had condition: [DiskPressure]. " };
}

function resources({ pod, others, allocatable }: AdmissionInput): Failure | undefined {
  const wanted = podRequests(pod);
  const used = others.map(podRequests);
  const sum = (pick: (requests: ReturnType<typeof podRequests>) => number): number => used.reduce((total, requests) => total + pick(requests), 0);
  const checks = [
    { name: "pods", requested: 1, used: others.length, capacity: unitsOf(allocatable["pods"] ?? "110") },
    { name: "cpu", requested: wanted.milliCpu, used: sum(({ milliCpu }) => milliCpu), capacity: milliOf(allocatable["cpu"] ?? "0") },
    { name: "memory", requested: wanted.memoryBytes, used: sum(({ memoryBytes }) => memoryBytes), capacity: unitsOf(allocatable["memory"] ?? "0") },
  ];
  const short = checks.find(({ requested, used: taken, capacity }) => requested > 0 && requested + taken > capacity);
  if (short === undefined) return undefined;
  const amounts = `requested: ${short.requested}, used: ${short.used}, capacity: ${short.capacity}`;
  return { reason: `OutOf${short.name}`, message: `Pod was rejected: Node didn't have enough resource: ${short.name}, ${amounts}` };
}

function ports({ pod, others }: AdmissionInput): Failure | undefined {
  const taken = others.flatMap(hostPorts);
  const isTaken = hostPorts(pod).some((port) => taken.some((other) => clashes(port, other)));
  return isTaken ? { reason: "NodePorts", message: "Pod was rejected: Predicate NodePorts failed" } : undefined;
}

interface HostPort {
  port: number;
  protocol: string;
  ip: string;
}

function hostPorts(pod: Pod): HostPort[] {
  const containers = [...(pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always"), ...(pod.spec?.containers ?? [])];
  return containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort = 0, protocol = "TCP", hostIP = "" }) => (hostPort === 0 ? [] : [{ port: hostPort, protocol, ip: hostIP || "0.0.0.0" }])),
  );
}

function clashes(a: HostPort, b: HostPort): boolean {
  const isAny = a.ip === "0.0.0.0" || b.ip === "0.0.0.0" || a.ip === b.ip;
  return a.port === b.port && a.protocol === b.protocol && isAny;
}
