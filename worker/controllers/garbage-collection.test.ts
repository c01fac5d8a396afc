import { describe, expect, test } from "vitest";
import type { OwnerReference } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { SimulatedCluster } from "./testing/simulated-cluster.ts";

const configMap = (name: string, ownerReferences: OwnerReference[] = [], finalizers: string[] = []): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...(ownerReferences.length > 0 ? { ownerReferences } : {}), ...(finalizers.length > 0 ? { finalizers } : {}) },
});

function owns(cluster: SimulatedCluster, name: string, more: Partial<OwnerReference> = {}): OwnerReference {
  return { apiVersion: "v1", kind: "ConfigMap", name, uid: cluster.get(`configmaps/default/${name}`)?.metadata.uid ?? "", ...more };
}

/** ConfigMaps of the test, with the names of their owners. */
const left = (cluster: SimulatedCluster): Record<string, string[]> =>
  Object.fromEntries(cluster.all("configmaps")
    .filter(({ metadata }) => metadata.name !== "kube-root-ca.crt")
    .map(({ metadata }) => [metadata.name, (metadata.ownerReferences ?? []).map(({ name }) => name)]));

/** `a` and `b` own `shared`; `a` owns `child`, which owns `grandchild`. */
async function family(blockOwnerDeletion = true): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  cluster.create(configMap("a"));
  cluster.create(configMap("b"));
  cluster.create(configMap("shared", [owns(cluster, "a", { blockOwnerDeletion }), owns(cluster, "b")]));
  cluster.create(configMap("child", [owns(cluster, "a", { blockOwnerDeletion })]));
  cluster.create(configMap("grandchild", [owns(cluster, "child", { blockOwnerDeletion })]));
  await cluster.settle();
  return cluster;
}

describe("garbage collection", () => {
  test("in the background removes dependents after their owner, but for those that another owner holds", async () => {
    const cluster = await family();
    cluster.delete("configmaps/default/a", { propagationPolicy: "Background" });
    expect(Object.keys(left(cluster))).not.toContain("a");
    await cluster.settle();
    expect(left(cluster)).toEqual({ b: [], shared: ["b"] });
  });

  test("in the foreground removes the owner last", async () => {
    const cluster = await family();
    cluster.create(configMap("held", [owns(cluster, "child", { blockOwnerDeletion: true })], ["example.com/hold"]));
    cluster.delete("configmaps/default/a", { propagationPolicy: "Foreground" });
    await cluster.settle();
    expect(Object.keys(left(cluster)).toSorted()).toEqual(["a", "b", "child", "held", "shared"]);
    cluster.change("configmaps/default/held", ({ metadata }) => void delete metadata?.finalizers);
    await cluster.settle();
    expect(left(cluster)).toEqual({ b: [], shared: ["b"] });
  });

  test("in the foreground does not wait for dependents that do not block", async () => {
    const cluster = await family(false);
    cluster.create(configMap("held", [owns(cluster, "a")], ["example.com/hold"]));
    cluster.delete("configmaps/default/a", { propagationPolicy: "Foreground" });
    await cluster.settle();
    expect(left(cluster)).toEqual({ b: [], shared: ["b"], held: ["a"] });
  });

  test("of an orphan-maker leaves its dependents without it", async () => {
    const cluster = await family();
    cluster.delete("configmaps/default/a", { propagationPolicy: "Orphan" });
    await cluster.settle();
    expect(left(cluster)).toEqual({ b: [], shared: ["b"], child: [], grandchild: ["child"] });
  });

  test("ends an object whose owner was never there", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(configMap("child", [owns(cluster, "absent", { uid: "00000000-0000-4000-8000-00000000dead" })]));
    await cluster.settle();
    expect(left(cluster)).toEqual({});
  });

  test("ends an object whose owner's name is another's by now", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(configMap("a"));
    cluster.create(configMap("child", [owns(cluster, "a", { uid: "00000000-0000-4000-8000-00000000dead" })]));
    await cluster.settle();
    expect(left(cluster)).toEqual({ a: [] });
  });

  test("leaves alone what is owned by a kind that it does not know", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(configMap("child", [owns(cluster, "x", { apiVersion: "example.com/v1", kind: "Widget", uid: "00000000-0000-4000-8000-00000000dead" })]));
    await cluster.settle();
    expect(left(cluster)).toEqual({ child: ["x"] });
  });

  test("goes on in steps when dependents are many", async () => {
    const cluster = new SimulatedCluster();
    cluster.create(configMap("a"));
    for (let at = 0; at < 1200; at += 1) cluster.create(configMap(`c${at}`, [owns(cluster, "a")]));
    cluster.delete("configmaps/default/a", { propagationPolicy: "Background" });
    await cluster.settle();
    for (let step = 0; step < 3; step += 1) {
      cluster.advance(1);
      await cluster.settle();
    }
    expect(left(cluster)).toEqual({});
  });
});
