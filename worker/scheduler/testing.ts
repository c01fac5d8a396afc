/** Builders for tests: a node, a pod, a picture, each from what a row has to say. */
import type { Node, NodeSpec, NodeStatus, Pod, PodSpec, PodStatus } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored, StoredMeta } from "../../protocol/kubernetes/object.ts";
import { nodeFactsOf, type NodeInfo } from "./node-info.ts";
import { Picture } from "./picture.ts";
import { podInfoOf, type PodInfo } from "./pod-info.ts";

export function meta(name: string, more: Partial<StoredMeta> = {}): StoredMeta {
  return { name, uid: `uid-${name}`, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", ...more };
}

export interface NodeGiven {
  name: string;
  labels?: Record<string, string>;
  spec?: NodeSpec;
  status?: NodeStatus;
  allocatable?: Record<string, string>;
}

export function nodeObject({ name, labels = {}, spec = {}, status = {}, allocatable }: NodeGiven): Stored<Node> {
  const has = allocatable ?? { cpu: "4", memory: "8Gi", pods: "110" };
  return { metadata: meta(name, { labels: { "kubernetes.io/hostname": name, ...labels } }), spec, status: { allocatable: has, ...status } };
}

export interface PodGiven {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  owner?: string;
  on?: string;
  cpu?: string;
  memory?: string;
  spec?: Partial<PodSpec>;
  status?: PodStatus;
  meta?: Partial<StoredMeta>;
}

export function podObject({ name = "p", namespace = "d", labels = {}, owner, on, cpu, memory, spec = {}, status = {}, meta: more = {} }: PodGiven): Stored<Pod> {
  const requests = { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
  const owners = owner === undefined ? {} : { ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: owner, uid: `uid-${owner}`, controller: true }] };
  return {
    metadata: meta(name, { namespace, labels, ...owners, ...more }),
    spec: { containers: [{ name: "c", image: "i", resources: { requests } }], ...(on === undefined ? {} : { nodeName: on }), ...spec },
    status,
  };
}

export function pod(given: PodGiven = {}): PodInfo {
  const object = podObject(given);
  return podInfoOf(`pods/${object.metadata.namespace}/${object.metadata.name}`, object);
}

export function picture(nodes: NodeGiven[], pods: PodGiven[] = []): Picture {
  const made = new Picture();
  for (const given of nodes) made.setNode(nodeFactsOf(nodeObject(given)));
  for (const given of pods) made.setPod(pod(given));
  return made;
}

export function nodesOf(of: Picture): NodeInfo[] {
  return [...of.nodes.values()];
}
