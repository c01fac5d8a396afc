/** Each score plugin as a table: what it gives to each node, already scaled to 0 … 100. */
import { describe, expect, test } from "vitest";
import { requirementsOf } from "../../../protocol/selectors.ts";
import type { Plugin } from "../framework.ts";
import { nodesOf, picture, pod, type NodeGiven, type PodGiven } from "../testing.ts";
import { balancedAllocation } from "./balanced-allocation.ts";
import { imageLocality } from "./image-locality.ts";
import { interPodAffinity } from "./inter-pod-affinity.ts";
import { nodeAffinity } from "./node-affinity.ts";
import { nodeResourcesFit } from "./node-resources-fit.ts";
import { podTopologySpread } from "./pod-topology-spread.ts";
import { taintToleration } from "./taint-toleration.ts";

interface Row {
  nodes?: NodeGiven[];
  pods?: PodGiven[];
  services?: Record<string, string>[];
  pod?: PodGiven;
  /** In the order of the nodes; undefined: no opinion. */
  scores: number[] | undefined;
}

const zones: NodeGiven[] = [{ name: "a", labels: { zone: "1" } }, { name: "b", labels: { zone: "2" } }];
const prefer = (weight: number, value: string) => ({ weight, preference: { matchExpressions: [{ key: "zone", operator: "In", values: [value] }] } });
const preferPods = (kind: "podAffinity" | "podAntiAffinity", weight: number): PodGiven["spec"] => ({
  affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: { topologyKey: "zone", labelSelector: { matchLabels: { app: "x" } } } }] } },
});
const bytes = (mebi: number) => mebi * 1024 * 1024;
const images = (name: string, size: number): NodeGiven["status"] => ({ images: [{ names: [name], sizeBytes: size }] });

const rows: [string, Plugin, Row][] = [
  ["the emptier node is liked better", nodeResourcesFit, { pods: [{ name: "q", on: "a", cpu: "2", memory: "4Gi" }], pod: { cpu: "1", memory: "2Gi" }, scores: [25, 75] }],
  ["a pod that asks for nothing counts as a little", nodeResourcesFit, { pods: [{ name: "q", on: "a" }], scores: [95, 97] }],

  ["cpu and memory used alike is best", balancedAllocation, { pods: [{ name: "q", on: "a", cpu: "2" }], pod: { cpu: "1", memory: "2Gi" }, scores: [75, 100] }],
  ["a pod that asks for nothing unbalances nothing", balancedAllocation, { scores: undefined }],

  ["preferred terms add up", nodeAffinity, {
    pod: { spec: { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefer(10, "1"), prefer(30, "2"), prefer(10, "2")] } } } }, scores: [25, 100],
  }],
  ["no preference, no opinion", nodeAffinity, { scores: undefined }],

  ["fewer PreferNoSchedule taints are better", taintToleration, {
    nodes: [{ name: "a", spec: { taints: [{ key: "k", effect: "PreferNoSchedule" }] } }, { name: "b" }], scores: [0, 100],
  }],
  ["a tolerated one does not count", taintToleration, {
    nodes: [{ name: "a", spec: { taints: [{ key: "k", effect: "PreferNoSchedule" }] } }, { name: "b" }],
    pod: { spec: { tolerations: [{ key: "k", operator: "Exists" }] } }, scores: undefined,
  }],

  ["a large image that is there already", imageLocality, {
    nodes: [{ name: "a", status: images("i:latest", bytes(1000)) }, { name: "b" }], scores: [48, 0],
  }],
  ["a small one is pulled as fast as it is found", imageLocality, { nodes: [{ name: "a", status: images("i:latest", bytes(20)) }, { name: "b" }], scores: [0, 0] }],
  ["images that nobody has say nothing", imageLocality, { scores: undefined }],

  ["pods of one controller spread over hosts", podTopologySpread, { pods: [{ name: "q", on: "a", owner: "rs" }], pod: { owner: "rs" }, scores: [66, 100] }],
  ["pods of another controller do not count", podTopologySpread, { pods: [{ name: "q", on: "a", owner: "other" }], pod: { owner: "rs" }, scores: [100, 100] }],
  ["pods of a Service spread too", podTopologySpread, {
    services: [{ app: "x" }], pods: [{ name: "q", on: "a", labels: { app: "x" } }], pod: { labels: { app: "x" } }, scores: [66, 100],
  }],
  ["a pod that stands alone has no opinion", podTopologySpread, { pods: [{ name: "q", on: "a" }], scores: undefined }],
  ["a soft constraint of its own", podTopologySpread, {
    pods: [{ name: "q", on: "a", labels: { app: "x" } }],
    pod: { spec: { topologySpreadConstraints: [{ topologyKey: "zone", maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels: { app: "x" } } }] } },
    scores: [0, 100],
  }],

  ["preferred affinity draws near", interPodAffinity, { pods: [{ name: "q", on: "a", labels: { app: "x" } }], pod: { spec: preferPods("podAffinity", 5) }, scores: [100, 0] }],
  ["preferred anti-affinity pushes away", interPodAffinity, { pods: [{ name: "q", on: "a", labels: { app: "x" } }], pod: { spec: preferPods("podAntiAffinity", 5) }, scores: [0, 100] }],
  ["what the others prefer counts as well", interPodAffinity, {
    pods: [{ name: "q", spec: { ...preferPods("podAffinity", 5), nodeName: "b" } }], pod: { labels: { app: "x" } }, scores: [0, 100],
  }],
  ["nobody prefers anything", interPodAffinity, { pods: [{ name: "q", on: "a" }], scores: undefined }],
];

describe("scores", () => {
  test.each(rows.map(([sentence, plugin, row]) => [plugin.name, sentence, plugin, row] as const))("%s: %s", (_name, _sentence, plugin, row) => {
    const cluster = picture(row.nodes ?? zones, row.pods);
    for (const [at, matchLabels] of (row.services ?? []).entries()) {
      cluster.serviceSelectors.set(`services/d/s${at}`, { namespace: "d", labels: requirementsOf({ matchLabels }) });
    }
    expect(plugin.score?.(pod(row.pod), cluster, nodesOf(cluster))).toEqual(row.scores);
  });
});
