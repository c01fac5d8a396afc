/** The little that the scheduler keeps of a node, with what its pods take of it. */
import type { Node, Taint } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import type { HostPort, PodInfo } from "./pod-info.ts";
import { normalizedImage } from "./pod-info.ts";
import { add, amountsOf, type Amounts } from "./quantities.ts";

export interface NodeFacts {
  name: string;
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  isUnschedulable: boolean;
  allocatable: Amounts;
  maxPods: number;
  images: ReadonlyMap<string, number>;
}

export function nodeFactsOf(node: Stored<Node>): NodeFacts {
  const allocatable = amountsOf(node.status?.allocatable ?? node.status?.capacity);
  return {
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    taints: node.spec?.taints ?? [],
    isUnschedulable: node.spec?.unschedulable ?? false,
    allocatable,
    maxPods: allocatable.get("pods") ?? 0,
    images: new Map((node.status?.images ?? []).flatMap(({ names = [], sizeBytes = 0 }) => names.map((name) => [normalizedImage(name), sizeBytes] as const))),
  };
}

export class NodeInfo {
  readonly facts: NodeFacts;
  readonly pods: Map<string, PodInfo>;
  readonly requested: Map<string, number>;
  assumedMilliCpu = 0;
  assumedMemoryBytes = 0;
  ports: HostPort[] = [];

  constructor(facts: NodeFacts, pods: Iterable<PodInfo> = []) {
    this.facts = facts;
    this.pods = new Map();
    this.requested = new Map();
    for (const pod of pods) this.add(pod);
  }

  add(pod: PodInfo): void {
    this.pods.set(pod.uid, pod);
    add(this.requested, pod.requests);
    this.assumedMilliCpu += pod.assumed.milliCpu;
    this.assumedMemoryBytes += pod.assumed.memoryBytes;
    if (pod.ports.length > 0) this.ports = [...this.ports, ...pod.ports];
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid);
    if (!pod) return;
    this.pods.delete(uid);
    add(this.requested, pod.requests, -1);
    this.assumedMilliCpu -= pod.assumed.milliCpu;
    this.assumedMemoryBytes -= pod.assumed.memoryBytes;
    if (pod.ports.length > 0) this.ports = [...this.pods.values()].flatMap((other) => other.ports);
  }

  /** A copy to try things on. */
  with(changes: { facts?: NodeFacts; add?: Iterable<PodInfo>; remove?: Iterable<PodInfo> }): NodeInfo {
    const copy = new NodeInfo(changes.facts ?? this.facts, this.pods.values());
    for (const pod of changes.remove ?? []) copy.remove(pod.uid);
    for (const pod of changes.add ?? []) copy.add(pod);
    return copy;
  }
}
