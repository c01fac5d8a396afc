import { describe, expect, it } from "vitest";
import { admissionFailure, type AdmissionInput } from "./admission.ts";
import { testContainer, testPod } from "./testing.ts";

const allocatable = { cpu: "2", memory: "1Gi", pods: "3" };
const asking = (requests: Record<string, string>) => testPod({ containers: [testContainer("main", { resources: { requests } })] });
const onPort = (hostPort: number, hostIP?: string) => testPod({ containers: [testContainer("main", { ports: [{ containerPort: 80, hostPort, ...(hostIP && { hostIP }) }] })] });
const small = asking({ cpu: "100m" });

const rows: [string, Partial<AdmissionInput>, object | undefined][] = [
  ["takes a pod that fits", { pod: asking({ cpu: "2" }) }, undefined],
  ["takes a pod that asks for nothing on a full node", { pod: testPod(), others: [asking({ cpu: "2" })] }, undefined],
  ["refuses more cpu than is left", { pod: asking({ cpu: "1500m" }), others: [asking({ cpu: "1" })] }, { reason: "OutOfcpu", message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000" }],
  ["refuses more memory than there is", { pod: asking({ memory: "2Gi" }) }, { reason: "OutOfmemory", message: "Pod was rejected: Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824" }],
  ["refuses more pods than the node may hold", { pod: small, others: [small, small, small] }, { reason: "OutOfpods", message: "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3" }],
  ["refuses a host port that is taken", { pod: onPort(8080), others: [onPort(8080)] }, { reason: "NodePorts", message: "Pod was rejected: Predicate NodePorts failed" }],
  ["takes the same host port on another address", { pod: onPort(8080, "192.0.2.1"), others: [onPort(8080, "192.0.2.2")] }, undefined],
  ["refuses pods while the disk is full", { isUnderDiskPressure: true }, { reason: "Evicted", message: "Pod was rejected: The node had condition: [DiskPressure]. " }],
];

describe("admissionFailure", () => {
  it.each(rows)("%s", (_sentence, given, expected) => {
    expect(admissionFailure({ pod: small, others: [], allocatable, isUnderDiskPressure: false, ...given })).toEqual(expected);
  });
});
