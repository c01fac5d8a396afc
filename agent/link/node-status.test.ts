import { describe, expect, it } from "vitest";
import { hostFacts, isDiskShort, isSameNodeStatus, joiningStatus, nodeStatus, type HostFacts } from "./node-status.ts";

const gibi = 1024 ** 3;
const facts: HostFacts = {
  ...{ nodeName: "node-1", addresses: ["192.0.2.1"], cpus: 2, memoryBytes: 4 * gibi, memoryFreeBytes: 2 * gibi },
  disk: { totalBytes: 100 * gibi, freeBytes: 50 * gibi },
  info: hostFacts({ nodeName: "node-1", folder: "/", containerRuntimeVersion: "containerd://1.6.20" }).info,
};
const nowMs = Date.parse("2026-01-01T00:00:00Z");
const of = (changed: Partial<HostFacts> = {}, before?: ReturnType<typeof nodeStatus>) => nodeStatus({ ...facts, ...changed }, { images: [], before, nowMs });
const condition = (status: ReturnType<typeof of>, type: string) => status.conditions?.find((candidate) => candidate.type === type);

describe("nodeStatus", () => {
  it("tells capacity, and keeps what the system needs out of what pods may have", () => {
    expect(of()).toMatchObject({ capacity: { cpu: "2", memory: "4194304Ki", pods: "110" }, allocatable: { cpu: "2", memory: "4091904Ki", pods: "110" } });
  });
  it("tells addresses and what the node runs", () => {
    expect(of().addresses).toEqual([{ type: "InternalIP", address: "192.0.2.1" }, { type: "Hostname", address: "node-1" }]);
    expect(of().nodeInfo).toMatchObject({ operatingSystem: "linux", kubeletVersion: "v1.35.0", containerRuntimeVersion: "containerd://1.6.20" });
  });
  it("is ready and without pressure on a healthy host", () => {
    expect(of().conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(["MemoryPressure=False", "DiskPressure=False", "PIDPressure=False", "Ready=True"]);
  });
  it("is not ready while it joins: what runs pods has not started yet", () => {
    const status = joiningStatus(of());
    expect(condition(status, "Ready")).toMatchObject({ status: "False", reason: "KubeletNotReady" });
    expect(isSameNodeStatus(status, of())).toBe(false);
  });
  it("names pressure, and since when", () => {
    const before = { ...of(), conditions: of().conditions?.map((each) => ({ ...each, lastTransitionTime: "2025-01-01T00:00:00Z" })) };
    const status = of({ disk: { totalBytes: 100 * gibi, freeBytes: gibi / 2 } }, before);
    expect(condition(status, "DiskPressure")).toMatchObject({ status: "True", reason: "KubeletHasDiskPressure", lastTransitionTime: "2026-01-01T00:00:00Z" });
    expect(condition(status, "Ready")?.lastTransitionTime).toBe("2025-01-01T00:00:00Z");
  });
  it("names its largest images, at most fifty", () => {
    const images = Array.from({ length: 60 }, (_, index) => ({ id: `i${index}`, repoTags: [`app:${index}`], repoDigests: [], sizeBytes: index }));
    const status = nodeStatus(facts, { images, before: undefined, nowMs });
    expect(status.images).toHaveLength(50);
    expect(status.images?.[0]).toEqual({ names: ["app:59"], sizeBytes: 59 });
  });
  it.each([
    ["half of a large disk free is no pressure", 100, 50, false],
    ["two gibibytes of a large disk are room enough", 1000, 2, false],
    ["half a gibibyte of a large disk is pressure", 100, 0.5, true],
    ["a small disk is short at a tenth", 4, 0.3, true],
  ])("%s", (_sentence, total, free, expected) => expect(isDiskShort({ disk: { totalBytes: total * gibi, freeBytes: free * gibi } })).toBe(expected));
});

describe("isSameNodeStatus", () => {
  it("takes two that differ in their heartbeat as the same", () => {
    expect(isSameNodeStatus(of(), nodeStatus(facts, { images: [], before: undefined, nowMs: nowMs + 60_000 }))).toBe(true);
  });
  it("is told the same whatever the order in which the runtime lists images and their names", () => {
    const images = ["b", "c", "a"].map((id) => ({ id, repoTags: [`${id}:2`, `${id}:1`], repoDigests: [`${id}@2`, `${id}@1`], sizeBytes: 1 }));
    const turned = images.toReversed().map(({ repoTags, repoDigests, ...image }) => ({ ...image, repoTags: repoTags.toReversed(), repoDigests: repoDigests.toReversed() }));
    const told = [images, turned].map((listed) => nodeStatus(facts, { images: listed, before: undefined, nowMs }));
    expect(told[0]?.images?.map(({ names }) => names?.[0])).toEqual(["a@1", "b@1", "c@1"]);
    expect(told[1]).toEqual(told[0]);
  });
  it("sees a new image and a condition that turned", () => {
    expect(isSameNodeStatus(of(), { ...of(), images: [{ names: ["a"], sizeBytes: 1 }] })).toBe(false);
    expect(isSameNodeStatus(of(), of({ memoryFreeBytes: 0 }))).toBe(false);
  });
});
