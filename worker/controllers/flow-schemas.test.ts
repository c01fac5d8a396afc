import { describe, expect, test } from "vitest";
import type { FlowSchema, ServiceCIDR } from "../../protocol/kubernetes/generated/types.ts";
import { SimulatedCluster } from "./testing/simulated-cluster.ts";

const group = "flowcontrol.apiserver.k8s.io";
const key = `flowschemas.${group}//mine`;
const limited = { type: "Limited", limited: { limitResponse: { type: "Reject" } } };
const schema = (level: string) => ({ apiVersion: `${group}/v1`, kind: "FlowSchema", metadata: { name: "mine" }, spec: { priorityLevelConfiguration: { name: level } } });
const level = { apiVersion: `${group}/v1`, kind: "PriorityLevelConfiguration", metadata: { name: "own" }, spec: limited };

async function danglingIn(cluster: SimulatedCluster) {
  await cluster.settle();
  return cluster.get<FlowSchema>(key)?.status?.conditions;
}

describe("a FlowSchema", () => {
  const missing = 'This FlowSchema references the PriorityLevelConfiguration object named "own" but there is no such object';
  const found = 'This FlowSchema references the PriorityLevelConfiguration object named "own" and it exists';

  test("dangles while its level is not there", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(schema("own"));
    expect(await danglingIn(cluster)).toMatchObject([{ type: "Dangling", status: "True", reason: "NotFound", message: missing }]);
    cluster.create(level);
    expect(await danglingIn(cluster)).toMatchObject([{ type: "Dangling", status: "False", reason: "Found", message: found }]);
    cluster.delete(`prioritylevelconfigurations.${group}//own`);
    expect(await danglingIn(cluster)).toMatchObject([{ status: "True" }]);
  });

  test("never dangles from a mandatory level", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(schema("catch-all"));
    expect(await danglingIn(cluster)).toMatchObject([{ status: "False" }]);
  });

  test("is written once only", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(schema("own"));
    await danglingIn(cluster);
    const { operations } = cluster;
    cluster.wakes.add("workload/flowschemas//");
    await cluster.settle();
    expect(cluster.operations).toBe(operations);
  });
});

test.each([
  ["kubernetes", "is ready", [{ type: "Ready", status: "True", message: "Kubernetes default Service CIDR is ready" }]],
  ["others", "is not, since no addresses come from it", undefined],
])("the ServiceCIDR %s %s", async (name, _, conditions) => {
  const cluster = new SimulatedCluster();
  cluster.create({ apiVersion: "networking.k8s.io/v1", kind: "ServiceCIDR", metadata: { name }, spec: { cidrs: ["10.96.0.0/16"] } });
  await cluster.settle();
  const { status } = cluster.get<ServiceCIDR>(`servicecidrs.networking.k8s.io//${name}`) ?? {};
  if (conditions === undefined) expect(status?.conditions).toBeUndefined();
  else expect(status?.conditions).toMatchObject(conditions);
});
