import { describe, expect, it } from "vitest";
import type { ResourceRequirements } from "../../protocol/kubernetes/generated/types.ts";
import { containerResources, podLimits, podRequests, qosClassOf } from "./resources.ts";
import { testContainer, testPod } from "./testing.ts";

const gibi = 1024 ** 3;
const podOf = (...resources: ResourceRequirements[]) => testPod({ containers: resources.map((each, index) => testContainer(`c${index}`, { resources: each })) });
const limits = { cpu: "500m", memory: "64Mi" };

describe("containerResources", () => {
  const kernel = (resources: ResourceRequirements) => {
    const pod = podOf(resources);
    return containerResources(pod, pod.spec?.containers[0] ?? testContainer("c"), 8 * gibi);
  };
  it("gives a container without resources the least share and the highest OOM score", () => {
    expect(kernel({})).toEqual({ cpuShares: 2, cpuPeriod: 0, cpuQuota: 0, memoryLimitBytes: 0, oomScoreAdj: 1000 });
  });
  it("turns limits into quota and bytes, and takes them as requests", () => {
    expect(kernel({ limits })).toEqual({ cpuShares: 512, cpuPeriod: 100_000, cpuQuota: 50_000, memoryLimitBytes: 64 * 1024 ** 2, oomScoreAdj: -997 });
  });
  it("scores a burstable container by its share of the node's memory", () => {
    expect(kernel({ requests: { memory: "2Gi" } }).oomScoreAdj).toBe(750);
  });
});

describe("qosClassOf", () => {
  it.each([
    ["nothing asked is BestEffort", [{}], "BestEffort"],
    ["equal limits and requests are Guaranteed", [{ limits, requests: limits }], "Guaranteed"],
    ["limits alone are Guaranteed", [{ limits }], "Guaranteed"],
    ["one container without makes it Burstable", [{ limits }, {}], "Burstable"],
    ["a request alone is Burstable", [{ requests: { cpu: "1" } }], "Burstable"],
  ] as const)("%s", (_sentence, resources, expected) => expect(qosClassOf(podOf(...resources))).toBe(expected));
});

describe("podRequests and podLimits", () => {
  it("takes the larger of the init containers' peak and the sum of the others", () => {
    const pod = testPod({
      initContainers: [testContainer("init", { resources: { requests: { cpu: "2" } } })],
      containers: [testContainer("a", { resources: { requests: { cpu: "500m", memory: "1Gi" } } }), testContainer("b", { resources: { requests: { cpu: "500m" } } })],
    });
    expect(podRequests(pod)).toEqual({ milliCpu: 2000, memoryBytes: gibi });
  });
  it("adds sidecars to both", () => {
    const pod = testPod({
      initContainers: [testContainer("side", { restartPolicy: "Always", resources: { requests: { cpu: "1" } } }), testContainer("init", { resources: { requests: { cpu: "2" } } })],
      containers: [testContainer("a", { resources: { requests: { cpu: "1500m" } } })],
    });
    expect(podRequests(pod).milliCpu).toBe(3000);
  });
  it("limits a pod only if all of its containers are limited", () => {
    expect(podLimits(podOf({ limits }, { limits })).milliCpu).toBe(1000);
    expect(podLimits(podOf({ limits }, {})).milliCpu).toBe(0);
  });
});
