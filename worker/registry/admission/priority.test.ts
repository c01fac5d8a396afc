import { describe, expect, test } from "vitest";
import { admitted, contextWith, pod, refusal } from "./testing.ts";

const cluster = contextWith({
  "priorityclasses.scheduling.k8s.io": [
    { metadata: { name: "high" }, value: 1000, preemptionPolicy: "Never" },
    { metadata: { name: "usual" }, value: 10, globalDefault: true },
    { metadata: { name: "usual-too" }, value: 20, globalDefault: true },
  ],
});

describe("a pod's priority", () => {
  test.each([
    ["is its class's", pod({ priorityClassName: "high" }), { priorityClassName: "high", priority: 1000, preemptionPolicy: "Never" }],
    ["is the lowest default class's without one", pod(), { priorityClassName: "usual", priority: 10, preemptionPolicy: "PreemptLowerPriority" }],
    ["is known of the system's classes", pod({ priorityClassName: "system-node-critical" }), { priority: 2_000_001_000 }],
    ["may be given if it is the same", pod({ priorityClassName: "high", priority: 1000 }), { priority: 1000 }],
  ])("%s", (_, object, spec) => {
    expect(admitted(object, cluster).spec).toMatchObject(spec);
  });

  test("is zero where no class is the default", () => {
    expect(admitted(pod()).spec).toMatchObject({ priority: 0, preemptionPolicy: "PreemptLowerPriority" });
  });

  test.each([
    ["of no known class", pod({ priorityClassName: "nope" }), 'pods "x" is forbidden: no PriorityClass with name nope was found'],
    ["other than its class's", pod({ priorityClassName: "high", priority: 1 }), 'pods "x" is forbidden: the integer value of priority (1) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name'],
    ["with another policy", pod({ priorityClassName: "usual", preemptionPolicy: "Never" }), 'pods "x" is forbidden: the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name'],
  ])("is refused: %s", (_, object, message) => {
    expect(refusal(() => admitted(object, cluster))).toBe(`403 ${message}`);
  });
});
