/** Each filter plugin as a table: which nodes refuse the pod, and in which words. */
import { describe, expect, test } from "vitest";
import type { Plugin } from "../framework.ts";
import { nodesOf, picture, pod, type NodeGiven, type PodGiven } from "../testing.ts";
import { interPodAffinity } from "./inter-pod-affinity.ts";
import { nodeAffinity } from "./node-affinity.ts";
import { nodeName } from "./node-name.ts";
import { nodePorts } from "./node-ports.ts";
import { nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { podTopologySpread } from "./pod-topology-spread.ts";
import { taintToleration } from "./taint-toleration.ts";

interface Row {
  nodes?: NodeGiven[];
  pods?: PodGiven[];
  pod?: PodGiven;
  /** Reasons by node; nodes that will do are left out. */
  refused: Record<string, string[]>;
  unresolvable?: string[];
}

const two: NodeGiven[] = [{ name: "a" }, { name: "b" }];
const zones: NodeGiven[] = [
  { name: "a", labels: { zone: "1" } },
  { name: "b", labels: { zone: "2" } },
];

function check(plugin: Plugin, { nodes = two, pods = [], pod: given = {}, refused, unresolvable }: Row): void {
  const cluster = picture(nodes, pods);
  const filter = plugin.filter?.(pod(given), cluster);
  const refusals = nodesOf(cluster).map((node) => [node.facts.name, filter?.(node)] as const).filter(([, refusal]) => refusal !== undefined);
  expect(Object.fromEntries(refusals.map(([name, refusal]) => [name, refusal?.reasons]))).toEqual(refused);
  if (unresolvable) expect(refusals.filter(([, refusal]) => refusal?.isUnresolvable).map(([name]) => name)).toEqual(unresolvable);
}

const dedicated = { key: "dedicated", value: "db", effect: "NoSchedule" };
const untolerated = "node(s) had untolerated taint {dedicated: db}";
const selector = "node(s) didn't match Pod's node affinity/selector";
const portTaken = "node(s) didn't have free ports for the requested pod ports";
const spread = "node(s) didn't match pod topology spread constraints";

function ports(hostPort: number, more: object = {}): PodGiven["spec"] {
  return { containers: [{ name: "c", image: "i", ports: [{ containerPort: 1, hostPort, ...more }] }] };
}

function required(...nodeSelectorTerms: object[]): PodGiven["spec"] {
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } };
}

function constraint(more: object = {}): PodGiven["spec"] {
  const labelSelector = { matchLabels: { app: "x" } };
  return { topologySpreadConstraints: [{ topologyKey: "zone", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule", labelSelector, ...more }] };
}

function near(kind: "podAffinity" | "podAntiAffinity", more: object = {}): PodGiven["spec"] {
  const term = { topologyKey: "zone", labelSelector: { matchLabels: { app: "x" } }, ...more };
  return { affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
}

const rows: [string, Plugin, Row][] = [
  ["a pod without a node fits by name anywhere", nodeName, { refused: {} }],
  ["a pod that names a node refuses the others", nodeName, { pod: { on: "b" }, refused: { a: ["node(s) didn't match the requested node name"] } }],

  ["a cordoned node refuses", nodeUnschedulable, { nodes: [{ name: "a", spec: { unschedulable: true } }, { name: "b" }], refused: { a: ["node(s) were unschedulable"] }, unresolvable: ["a"] }],
  ["a cordoned node takes who tolerates it", nodeUnschedulable, {
    nodes: [{ name: "a", spec: { unschedulable: true } }],
    pod: { spec: { tolerations: [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }] } },
    refused: {},
  }],

  ["a taint keeps pods off", taintToleration, { nodes: [{ name: "a", spec: { taints: [dedicated] } }, { name: "b" }], refused: { a: [untolerated] } }],
  ["a taint without a value is told without one", taintToleration, {
    nodes: [{ name: "a", spec: { taints: [{ key: "k", effect: "NoExecute" }] } }], refused: { a: ["node(s) had untolerated taint {k: }"] },
  }],
  ["a toleration of key and value lets in", taintToleration, {
    nodes: [{ name: "a", spec: { taints: [dedicated] } }], pod: { spec: { tolerations: [{ key: "dedicated", value: "db" }] } }, refused: {},
  }],
  ["a toleration of another value does not", taintToleration, {
    nodes: [{ name: "a", spec: { taints: [dedicated] } }], pod: { spec: { tolerations: [{ key: "dedicated", value: "web" }] } }, refused: { a: [untolerated] },
  }],
  ["a toleration of another effect does not", taintToleration, {
    nodes: [{ name: "a", spec: { taints: [dedicated] } }],
    pod: { spec: { tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoExecute" }] } },
    refused: { a: [untolerated] },
  }],
  ["the empty toleration that only Exists tolerates all", taintToleration, {
    nodes: [{ name: "a", spec: { taints: [dedicated] } }], pod: { spec: { tolerations: [{ operator: "Exists" }] } }, refused: {},
  }],
  ["PreferNoSchedule refuses nobody", taintToleration, {
    nodes: [{ name: "a", spec: { taints: [{ key: "k", effect: "PreferNoSchedule" }] } }], refused: {},
  }],

  ["a node selector has to match", nodeAffinity, { nodes: zones, pod: { spec: { nodeSelector: { zone: "2" } } }, refused: { a: [selector] }, unresolvable: ["a"] }],
  ["In takes one of its values", nodeAffinity, {
    nodes: zones, pod: { spec: required({ matchExpressions: [{ key: "zone", operator: "In", values: ["1", "3"] }] }) }, refused: { b: [selector] },
  }],
  ["NotIn takes nodes without the label", nodeAffinity, {
    nodes: [...zones, { name: "c" }], pod: { spec: required({ matchExpressions: [{ key: "zone", operator: "NotIn", values: ["1"] }] }) }, refused: { a: [selector] },
  }],
  ["DoesNotExist and Gt", nodeAffinity, {
    nodes: [{ name: "a", labels: { cores: "8" } }, { name: "b", labels: { cores: "2" } }, { name: "c" }],
    pod: { spec: required({ matchExpressions: [{ key: "cores", operator: "Gt", values: ["4"] }] }, { matchExpressions: [{ key: "cores", operator: "DoesNotExist" }] }) },
    refused: { b: [selector] },
  }],
  ["terms are alternatives", nodeAffinity, {
    nodes: zones,
    pod: { spec: required({ matchExpressions: [{ key: "zone", operator: "In", values: ["1"] }] }, { matchFields: [{ key: "metadata.name", operator: "In", values: ["b"] }] }) },
    refused: {},
  }],
  ["an empty term matches nothing", nodeAffinity, { pod: { spec: required({}) }, refused: { a: [selector], b: [selector] } }],

  ["a host port is taken once a node", nodePorts, { pods: [{ name: "q", on: "a", spec: { ...ports(80), nodeName: "a" } }], pod: { spec: ports(80) }, refused: { a: [portTaken] }, unresolvable: [] }],
  ["another protocol is another port", nodePorts, { pods: [{ name: "q", spec: { ...ports(80), nodeName: "a" } }], pod: { spec: ports(80, { protocol: "UDP" }) }, refused: {} }],
  ["two addresses share a port", nodePorts, {
    pods: [{ name: "q", spec: { ...ports(80, { hostIP: "10.0.0.1" }), nodeName: "a" } }], pod: { spec: ports(80, { hostIP: "10.0.0.2" }) }, refused: {},
  }],
  ["every address takes the port of each", nodePorts, {
    pods: [{ name: "q", spec: { ...ports(80, { hostIP: "10.0.0.1" }), nodeName: "a" } }], pod: { spec: ports(80) }, refused: { a: [portTaken] },
  }],

  ["requests fit exactly", nodeResourcesFit, { pod: { cpu: "4", memory: "8Gi" }, refused: {} }],
  ["requests add up", nodeResourcesFit, { pods: [{ name: "q", on: "a", cpu: "3500m" }], pod: { cpu: "600m" }, refused: { a: ["Insufficient cpu"] }, unresolvable: [] }],
  ["more than the node has at all can't be helped", nodeResourcesFit, { pod: { cpu: "5", memory: "9Gi" }, refused: { a: ["Insufficient cpu", "Insufficient memory"], b: ["Insufficient cpu", "Insufficient memory"] }, unresolvable: ["a", "b"] }],
  ["a full node has too many pods", nodeResourcesFit, {
    nodes: [{ name: "a", allocatable: { cpu: "4", memory: "8Gi", pods: "1" } }], pods: [{ name: "q", on: "a" }], refused: { a: ["Too many pods"] },
  }],
  ["finished pods take nothing", nodeResourcesFit, { pods: [{ name: "q", on: "a", cpu: "4", status: { phase: "Succeeded" } }], pod: { cpu: "4" }, refused: {} }],
  ["the largest init container counts if it is larger than all others together", nodeResourcesFit, {
    pod: { spec: { initContainers: [{ name: "i", image: "i", resources: { requests: { cpu: "5" } } }], containers: [{ name: "c", image: "i" }] } },
    refused: { a: ["Insufficient cpu"], b: ["Insufficient cpu"] },
  }],
  ["sidecars count beside the containers", nodeResourcesFit, {
    pod: { spec: {
      initContainers: [{ name: "s", image: "i", restartPolicy: "Always", resources: { requests: { cpu: "3" } } }],
      containers: [{ name: "c", image: "i", resources: { requests: { cpu: "2" } } }],
    } },
    refused: { a: ["Insufficient cpu"], b: ["Insufficient cpu"] },
  }],
  ["a resource that a node does not have", nodeResourcesFit, {
    pod: { spec: { containers: [{ name: "c", image: "i", resources: { requests: { "example.com/gpu": "1" } } }] } },
    refused: { a: ["Insufficient example.com/gpu"], b: ["Insufficient example.com/gpu"] },
  }],

  ["a skew beyond maxSkew refuses", podTopologySpread, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" } }], pod: { labels: { app: "x" }, spec: constraint() }, refused: { a: [spread] }, unresolvable: [],
  }],
  ["a wider skew does not", podTopologySpread, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" } }], pod: { labels: { app: "x" }, spec: constraint({ maxSkew: 2 }) }, refused: {},
  }],
  ["nodes without the key refuse, and count for nothing", podTopologySpread, {
    nodes: [...zones, { name: "c" }], pods: [{ name: "q", on: "c", labels: { app: "x" } }], pod: { labels: { app: "x" }, spec: constraint() },
    refused: { c: [`${spread} (missing required label)`] }, unresolvable: ["c"],
  }],
  ["pods of other namespaces and those that end do not count", podTopologySpread, {
    nodes: zones,
    pods: [
      { name: "q", on: "a", labels: { app: "x" }, namespace: "other" },
      { name: "r", on: "a", labels: { app: "x" }, meta: { deletionTimestamp: "2026-01-01T00:00:00Z" } },
    ],
    pod: { labels: { app: "x" }, spec: constraint() }, refused: {},
  }],
  ["fewer domains than minDomains count as an empty one", podTopologySpread, {
    nodes: zones,
    pods: [{ name: "q", on: "a", labels: { app: "x" } }, { name: "r", on: "b", labels: { app: "x" } }],
    pod: { labels: { app: "x" }, spec: constraint({ minDomains: 3 }) }, refused: { a: [spread], b: [spread] },
  }],
  ["nodes that the pod's selector excludes are no domain", podTopologySpread, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" } }],
    pod: { labels: { app: "x" }, spec: { ...constraint(), nodeSelector: { zone: "1" } } }, refused: {},
  }],
  ["ScheduleAnyway refuses nobody", podTopologySpread, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" } }], pod: { labels: { app: "x" }, spec: constraint({ whenUnsatisfiable: "ScheduleAnyway" }) }, refused: {},
  }],

  ["affinity keeps to the domain of the others", interPodAffinity, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" } }], pod: { spec: near("podAffinity") }, refused: { b: ["node(s) didn't match pod affinity rules"] },
  }],
  ["affinity to nobody refuses everywhere", interPodAffinity, {
    nodes: zones, pod: { spec: near("podAffinity") },
    refused: { a: ["node(s) didn't match pod affinity rules"], b: ["node(s) didn't match pod affinity rules"] },
  }],
  ["the first of its kind waits for nobody", interPodAffinity, { nodes: zones, pod: { labels: { app: "x" }, spec: near("podAffinity") }, refused: {} }],
  ["anti-affinity keeps away", interPodAffinity, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" } }], pod: { spec: near("podAntiAffinity") },
    refused: { a: ["node(s) didn't match pod anti-affinity rules"] }, unresolvable: [],
  }],
  ["anti-affinity of those that are there counts too", interPodAffinity, {
    nodes: zones, pods: [{ name: "q", spec: { ...near("podAntiAffinity"), nodeName: "a" } }], pod: { labels: { app: "x" } },
    refused: { a: ["node(s) didn't satisfy existing pods anti-affinity rules"] },
  }],
  ["other namespaces are other pods", interPodAffinity, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" }, namespace: "other" }], pod: { spec: near("podAntiAffinity") }, refused: {},
  }],
  ["unless the term names them", interPodAffinity, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" }, namespace: "other" }], pod: { spec: near("podAntiAffinity", { namespaces: ["other"] }) },
    refused: { a: ["node(s) didn't match pod anti-affinity rules"] },
  }],
  ["or selects them all", interPodAffinity, {
    nodes: zones, pods: [{ name: "q", on: "a", labels: { app: "x" }, namespace: "other" }], pod: { spec: near("podAntiAffinity", { namespaceSelector: {} }) },
    refused: { a: ["node(s) didn't match pod anti-affinity rules"] },
  }],
];

describe("filters", () => {
  test.each(rows.map(([sentence, plugin, row]) => [plugin.name, sentence, plugin, row] as const))("%s: %s", (_name, _sentence, plugin, row) => {
    check(plugin, row);
  });
});
