/** The node's status as a kubelet reports it: capacity, addresses, conditions, what it runs on, its images. */
import { readFileSync, statfsSync } from "node:fs";
import { arch, availableParallelism, hostname, networkInterfaces, release, totalmem, freemem } from "node:os";
import type { NodeAddress, NodeCondition, NodeStatus, NodeSystemInfo } from "../../protocol/kubernetes/generated/types.ts";
import { timeOf } from "../pods/status/time.ts";
import type { RuntimeImage } from "../runtime/runtime.ts";

/** Kubernetes' version whose behaviour the agent follows. */
export const kubeletVersion = "v1.35.0";
const mostPods = 110;
const mostImages = 50;
/** Below these the node is under pressure: the kubelet's share, but on a large disk a gibibyte is room enough. */
const pressure = { memoryBytes: 100 * 1024 ** 2, diskShare: 0.1, diskBytes: 1024 ** 3 };

export interface HostFacts {
  nodeName: string;
  addresses: string[];
  cpus: number;
  memoryBytes: number;
  memoryFreeBytes: number;
  disk: { totalBytes: number; freeBytes: number };
  info: NodeSystemInfo;
}

/** Looks the host up. @param folder whose file system holds images, logs and volumes */
export function hostFacts(options: { nodeName: string; folder: string; containerRuntimeVersion: string; address?: string | undefined }): HostFacts {
  const disk = statfsSync(options.folder);
  return {
    nodeName: options.nodeName,
    addresses: options.address === undefined ? hostAddresses() : [options.address],
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    memoryFreeBytes: freemem(),
    disk: { totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize },
    info: {
      architecture: arch() === "x64" ? "amd64" : arch(),
      bootID: line("/proc/sys/kernel/random/boot_id"),
      containerRuntimeVersion: options.containerRuntimeVersion,
      kernelVersion: release(),
      kubeProxyVersion: "",
      kubeletVersion,
      machineID: line("/etc/machine-id"),
      operatingSystem: "linux",
      osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(text("/etc/os-release"))?.[1] ?? "Linux",
      systemUUID: line("/sys/class/dmi/id/product_uuid"),
    },
  };
}

/** The address of the default route's interface first; addresses of bridges of containers are not the host's. */
function hostAddresses(): string[] {
  const virtual = /^(lo$|docker|br-|veth|cni|kd[0-9a-f]{6}|ks[0-9a-f]{6}|virbr|tun|tap)/;
  const route = text("/proc/net/route").split("\n").map((row) => row.split("\t")).find((row) => row[1] === "00000000");
  const entries = Object.entries(networkInterfaces()).filter(([name]) => !virtual.test(name));
  const ordered = entries.toSorted(([a], [b]) => Number(b === route?.[0]) - Number(a === route?.[0]));
  const addresses = ordered.flatMap(([, list = []]) => list.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address));
  return addresses.length === 0 ? ["127.0.0.1"] : addresses.slice(0, 1);
}

/** Pure. `before` keeps the times of conditions that did not change. */
export function nodeStatus(facts: HostFacts, { images, before, nowMs }: { images: readonly RuntimeImage[]; before: NodeStatus | undefined; nowMs: number }): NodeStatus {
  const capacity = {
    cpu: String(facts.cpus),
    memory: `${Math.floor(facts.memoryBytes / 1024)}Ki`,
    pods: String(mostPods),
    "ephemeral-storage": `${Math.floor(facts.disk.totalBytes / 1024)}Ki`,
  };
  const addresses: NodeAddress[] = [...facts.addresses.map((address) => ({ type: "InternalIP", address })), { type: "Hostname", address: facts.nodeName }];
  return {
    addresses,
    capacity,
    allocatable: {
      ...capacity,
      memory: `${Math.floor((facts.memoryBytes - pressure.memoryBytes) / 1024)}Ki`,
      "ephemeral-storage": String(Math.floor(facts.disk.totalBytes * (1 - pressure.diskShare))),
    },
    conditions: conditions(facts, { before: before?.conditions ?? [], nowMs }),
    daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    nodeInfo: facts.info,
    images: largest(images),
  };
}

/** In an order of their own: the runtime lists images and their names in any, and a status that changed is written. */
function largest(images: readonly RuntimeImage[]): NodeStatus["images"] {
  return images
    .map(({ id, repoDigests, repoTags, sizeBytes }) => ({ id, names: [...repoDigests.toSorted(), ...repoTags.toSorted()].slice(0, 5), sizeBytes }))
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1))
    .slice(0, mostImages)
    .map(({ names, sizeBytes }) => ({ names, sizeBytes }));
}

function conditions(facts: HostFacts, { before, nowMs }: { before: readonly NodeCondition[]; nowMs: number }): NodeCondition[] {
  const isShort = isDiskShort(facts);
  const isMemoryShort = facts.memoryFreeBytes < pressure.memoryBytes;
  const wanted = [
    isMemoryShort
      ? { type: "MemoryPressure", status: "True", reason: "KubeletHasInsufficientMemory", message: "kubelet has insufficient memory available" }
      : { type: "MemoryPressure", status: "False", reason: "KubeletHasSufficientMemory", message: "kubelet has sufficient memory available" },
    isShort
      ? { type: "DiskPressure", status: "True", reason: "KubeletHasDiskPressure", message: "kubelet has disk pressure" }
      : { type: "DiskPressure", status: "False", reason: "KubeletHasNoDiskPressure", message: "kubelet has no disk pressure" },
    { type: "PIDPressure", status: "False", reason: "KubeletHasSufficientPID", message: "kubelet has sufficient PID available" },
    { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" },
  ];
  return wanted.map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: timeOf(nowMs), lastTransitionTime: lastTransitionTime ?? timeOf(nowMs) };
  });
}

/** The status of a host that joins: nothing may be placed on it before its runtime and its network have started. */
export function joiningStatus(status: NodeStatus): NodeStatus {
  const notReady = { status: "False", reason: "KubeletNotReady", message: "container runtime and network have not started yet" };
  const conditionsOf = (status.conditions ?? []).map((condition) => (condition.type === "Ready" ? { ...condition, ...notReady } : condition));
  return { ...status, conditions: conditionsOf };
}

export function isDiskShort({ disk }: Pick<HostFacts, "disk">): boolean {
  return disk.freeBytes < Math.min(disk.totalBytes * pressure.diskShare, pressure.diskBytes);
}

/** Two statuses tell the same, their heartbeats apart. */
export function isSameNodeStatus(a: NodeStatus | undefined, b: NodeStatus): boolean {
  const plain = (status: NodeStatus | undefined): string => JSON.stringify({ ...status, conditions: status?.conditions?.map(({ type, status: value }) => [type, value]) });
  return plain(a) === plain(b);
}

export function defaultNodeName(): string {
  return hostname().toLowerCase().replace(/[^a-z0-9.-]/g, "-");
}

/** The labels that every kubelet gives its node. */
export function nodeLabels(nodeName: string): Record<string, string> {
  const architecture = arch() === "x64" ? "amd64" : arch();
  return {
    "kubernetes.io/hostname": nodeName,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": "linux",
    "beta.kubernetes.io/arch": architecture,
  };
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const line = (path: string): string => text(path).trim();
