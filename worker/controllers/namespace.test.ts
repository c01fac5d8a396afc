import { describe, expect, test } from "vitest";
import type { ConfigMap, Namespace } from "../../protocol/kubernetes/generated/types.ts";
import { keyOf, SimulatedCluster } from "./testing/simulated-cluster.ts";

const namespace = (cluster: SimulatedCluster) => cluster.get<Namespace>("namespaces//team");

async function created(): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
  await cluster.settle();
  return cluster;
}

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "team" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "app:1" }] } },
  },
};

describe("a namespace", () => {
  test("has a default ServiceAccount and the cluster's certificate from its beginning", async () => {
    const cluster = await created();
    expect(cluster.get("serviceaccounts/team/default")).toBeDefined();
    expect(cluster.get<ConfigMap>("configmaps/team/kube-root-ca.crt")?.data).toEqual({ "ca.crt": "" });
  });

  test("gets them back when they are deleted", async () => {
    const cluster = await created();
    cluster.delete("serviceaccounts/team/default");
    cluster.delete("configmaps/team/kube-root-ca.crt");
    await cluster.settle();
    expect(cluster.get("serviceaccounts/team/default")).toBeDefined();
    expect(cluster.get("configmaps/team/kube-root-ca.crt")).toBeDefined();
  });

  test("has its certificate mended when somebody changes it", async () => {
    const cluster = await created();
    cluster.change<ConfigMap>("configmaps/team/kube-root-ca.crt", (object) => void (object.data = { "ca.crt": "forged" }));
    await cluster.settle();
    expect(cluster.get<ConfigMap>("configmaps/team/kube-root-ca.crt")?.data).toEqual({ "ca.crt": "" });
  });

  test("that is deleted ends when everything in it has ended, and not before", async () => {
    const cluster = await created();
    cluster.create(deployment);
    await cluster.converge();
    cluster.delete("namespaces//team");
    await cluster.settle();
    expect(cluster.pods.map(({ metadata }) => metadata.deletionTimestamp === undefined)).toEqual([false, false]);
    expect(namespace(cluster)?.status?.phase).toBe("Terminating");
    expect(namespace(cluster)?.status?.conditions?.find(({ type }) => type === "NamespaceContentRemaining")).toMatchObject({
      status: "True",
      reason: "SomeResourcesRemain",
      message: "Some resources are remaining: pods. has 2 resource instances",
    });
    await cluster.converge();
    expect(namespace(cluster)).toBeUndefined();
    expect(["pods", "deployments.apps", "replicasets.apps", "serviceaccounts", "configmaps", "events"].flatMap((resource) =>
      cluster.all(resource).filter(({ metadata }) => metadata.namespace === "team"))).toEqual([]);
  });

  test("that is deleted loses its pods first, and what they may need only after them", async () => {
    const cluster = await created();
    cluster.create(deployment);
    await cluster.converge();
    const [held] = cluster.pods.map(keyOf);
    cluster.change(held!, ({ metadata }) => void (metadata.finalizers = ["example.com/hold"]));
    cluster.delete("namespaces//team");
    await cluster.converge();
    expect(cluster.pods).toHaveLength(1);
    expect(cluster.get("deployments.apps/team/web")?.metadata.deletionTimestamp).toBeUndefined();
    expect(cluster.get("configmaps/team/kube-root-ca.crt")).toBeDefined();
    cluster.change(held!, ({ metadata }) => void delete metadata.finalizers);
    await cluster.converge();
    expect(namespace(cluster)).toBeUndefined();
  });

  test("waits for an object that a finalizer holds, and says so", async () => {
    const cluster = await created();
    cluster.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "held", namespace: "team", finalizers: ["example.com/hold"] } });
    cluster.delete("namespaces//team");
    await cluster.settle();
    expect(namespace(cluster)?.status?.conditions?.find(({ type }) => type === "NamespaceFinalizersRemaining")).toMatchObject({
      status: "True",
      message: "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    });
    cluster.change("configmaps/team/held", ({ metadata }) => void delete metadata?.finalizers);
    await cluster.settle();
    expect(namespace(cluster)).toBeUndefined();
  });
});
