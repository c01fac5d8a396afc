import { describe, expect, test } from "vitest";
import { scheduleRound, type Decision } from "./round.ts";
import { picture, pod, type NodeGiven, type PodGiven } from "./testing.ts";

function told(decision: Decision): string {
  return decision.type === "bind" ? `${decision.pod.name} → ${decision.node}` : `${decision.pod.name}: ${decision.message}`;
}

function run(nodes: NodeGiven[], pods: PodGiven[], waiting: PodGiven[]): string[] {
  const cluster = picture(nodes, [...pods, ...waiting]);
  return scheduleRound(waiting.map(pod), cluster).map(told);
}

const small = { cpu: "1", memory: "1Gi", pods: "110" };
const three: NodeGiven[] = ["a", "b", "c"].map((name) => ({ name, allocatable: small }));
const taint = { key: "k", value: "v", effect: "NoSchedule" };

describe("a round", () => {
  test("tells every reason with the number of nodes that it holds for", () => {
    const nodes = [three[0] ?? { name: "" }, ...["b", "c"].map((name) => ({ name, allocatable: small, spec: { taints: [taint] } }))];
    expect(run(nodes, [{ name: "q", on: "a", cpu: "1" }], [{ name: "p", cpu: "1" }])).toEqual([
      "p: 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {k: v}. "
      + "preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
    ]);
  });

  test("says so when there is no node at all", () => {
    expect(run([], [], [{ name: "p" }])).toEqual(["p: no nodes available to schedule pods"]);
  });

  test("lets each pod see where the last one went", () => {
    expect(run(three, [], ["p", "q", "r", "s"].map((name) => ({ name, cpu: "600m", owner: "rs" })))).toEqual([
      expect.stringMatching(/^p → [abc]$/),
      expect.stringMatching(/^q → [abc]$/),
      expect.stringMatching(/^r → [abc]$/),
      "s: 0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
    ]);
  });

  test("serves the most important pods first, then the oldest", () => {
    const waiting = [
      { name: "young", cpu: "1", meta: { creationTimestamp: "2026-01-02T00:00:00Z" } },
      { name: "old", cpu: "1" },
      { name: "important", cpu: "1", spec: { priority: 10 }, meta: { creationTimestamp: "2026-01-03T00:00:00Z" } },
    ];
    expect(run([{ name: "a", allocatable: small }, { name: "b", allocatable: small }], [], waiting).map((line) => line.split(/ →|:/)[0]))
      .toEqual(["important", "old", "young"]);
  });

  test("goes round when nodes are liked alike", () => {
    const lines = run(three, [], ["p", "q", "r"].map((name) => ({ name })));
    expect(new Set(lines.map((line) => line.split("→ ")[1])).size).toBe(3);
  });
});

describe("preemption", () => {
  const victims = (nodes: NodeGiven[], pods: PodGiven[], waiting: PodGiven) => {
    const [decision] = scheduleRound([pod(waiting)], picture(nodes, [...pods, waiting]));
    if (decision?.type !== "unschedulable") throw new Error("it was bound");
    return { node: decision.nominatedNodeName, victims: decision.victims.map(({ name }) => name), message: decision.message };
  };
  const important = { name: "p", cpu: "1", spec: { priority: 100 } };

  test("takes the fewest pods of lower priority, the least important ones", () => {
    const found = victims([{ name: "a", allocatable: { cpu: "2", memory: "1Gi", pods: "9" } }], [
      { name: "q", on: "a", cpu: "1", spec: { priority: 5, nodeName: "a" } },
      { name: "r", on: "a", cpu: "1", spec: { priority: 1, nodeName: "a" } },
    ], important);
    expect(found).toEqual({ node: "a", victims: ["r"], message: "0/1 nodes are available: 1 Insufficient cpu." });
  });

  test("prefers the node whose most important victim matters least", () => {
    const found = victims(three.slice(0, 2), [
      { name: "q", cpu: "1", spec: { priority: 50, nodeName: "a" } },
      { name: "r", cpu: "1", spec: { priority: 5, nodeName: "b" } },
    ], important);
    expect(found).toMatchObject({ node: "b", victims: ["r"] });
  });

  test("spares pods of the same priority", () => {
    const found = victims([{ name: "a", allocatable: small }], [{ name: "q", cpu: "1", spec: { priority: 100, nodeName: "a" } }], important);
    expect(found).toMatchObject({ node: "", victims: [] });
  });

  test("is not for pods that must not preempt", () => {
    const meek = { ...important, spec: { priority: 100, preemptionPolicy: "Never" } };
    const found = victims([{ name: "a", allocatable: small }], [{ name: "q", cpu: "1", spec: { nodeName: "a" } }], meek);
    expect(found.message).toBe("0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.");
  });

  test("waits for victims that are on their way out, and keeps its nomination", () => {
    const nominated = { ...important, status: { nominatedNodeName: "a" } };
    const leaving = { name: "q", cpu: "1", spec: { nodeName: "a" }, meta: { deletionTimestamp: "2026-01-01T00:00:00Z" } };
    const found = victims([{ name: "a", allocatable: small }], [leaving], nominated);
    expect(found).toMatchObject({ node: "a", victims: [], message: expect.stringContaining("terminating pod on the nominated node") as string });
  });

  test("ends a pod whose anti-affinity stands in the way", () => {
    const labelSelector = { matchLabels: { app: "x" } };
    const apart = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname", labelSelector }] } };
    const found = victims([{ name: "a" }], [{ name: "q", on: "a" }, { name: "hermit", spec: { affinity: apart, nodeName: "a" } }], { ...important, labels: { app: "x" } });
    expect(found).toEqual({ node: "a", victims: ["hermit"], message: "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules." });
  });

  test("keeps the room that was made from pods of lower priority", () => {
    const nominated = { ...important, status: { nominatedNodeName: "a" } };
    const cluster = picture([{ name: "a", allocatable: small }], [nominated, { name: "late", cpu: "1" }]);
    const [decision] = scheduleRound([pod({ name: "late", cpu: "1" })], cluster);
    expect(decision?.type).toBe("unschedulable");
  });
});

test("100 pods on 10 nodes take a few tens of milliseconds", () => {
  const nodes = Array.from({ length: 10 }, (_, at) => ({ name: `n${at}` }));
  const waiting = Array.from({ length: 100 }, (_, at) => ({ name: `p${at}`, owner: "rs", labels: { app: "x" }, cpu: "10m" }));
  const cluster = picture(nodes, waiting);
  const pods = waiting.map(pod);
  const before = performance.now();
  const decisions = scheduleRound(pods, cluster);
  const took = performance.now() - before;
  expect(decisions.filter(({ type }) => type === "bind")).toHaveLength(100);
  const counts = [...cluster.nodes.values()].map((node) => node.pods.size);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  console.info(`scheduled 100 pods on 10 nodes in ${took.toFixed(1)} ms`);
});
