import { describe, expect, it } from "vitest";
import type { Pod, PodDisruptionBudget } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { SimulatedCluster } from "../testing/simulated-cluster.ts";

const labels = { app: "web" };
const podSpec = { containers: [{ name: "c", image: "i:1" }] };
const key = "poddisruptionbudgets.policy/default/web";

/** Four ready pods of a Deployment, and one more of nobody. */
async function clusterWith(spec: object): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  const template = { metadata: { labels }, spec: podSpec };
  cluster.create({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "default" }, spec: { replicas: 4, selector: { matchLabels: labels }, template } });
  cluster.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "lone", namespace: "default", labels: { alone: "yes" } }, spec: podSpec });
  cluster.create({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "web", namespace: "default" }, spec });
  await cluster.converge();
  return cluster;
}

const statusIn = (cluster: SimulatedCluster): PodDisruptionBudget["status"] => cluster.get<PodDisruptionBudget>(key)?.status;
const ofWeb = (cluster: SimulatedCluster): Stored<Pod>[] => cluster.pods.filter(({ metadata }) => metadata.labels?.["app"] === "web");

describe("a budget", () => {
  const selector = { matchLabels: labels };
  const rows: [sentence: string, spec: object, counts: [expected: number, desired: number, healthy: number, allowed: number]][] = [
    ["of a number that must be left", { selector, minAvailable: 3 }, [4, 3, 4, 1]],
    ["of more than there are", { selector, minAvailable: 5 }, [4, 5, 4, 0]],
    ["of a share that must be left, rounded up", { selector, minAvailable: "60%" }, [4, 3, 4, 1]],
    ["of a number that may be missing", { selector, maxUnavailable: 1 }, [4, 3, 4, 1]],
    ["of a share that may be missing, rounded up", { selector, maxUnavailable: "30%" }, [4, 2, 4, 2]],
    ["that says nothing", { selector }, [4, 0, 4, 4]],
    ["about nobody", { minAvailable: 1 }, [0, 1, 0, 0]],
    ["about the whole namespace", { selector: {}, minAvailable: 1 }, [5, 1, 5, 4]],
    ["about a pod without a controller, which counts for nobody", { selector: { matchLabels: { alone: "yes" } }, maxUnavailable: 1 }, [0, 0, 1, 0]],
  ];
  it.each(rows)("%s", async (_, spec, [expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed]) => {
    const cluster = await clusterWith(spec);
    expect(statusIn(cluster)).toMatchObject({
      expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed, observedGeneration: 1,
      conditions: [{ type: "DisruptionAllowed", status: disruptionsAllowed > 0 ? "True" : "False", reason: disruptionsAllowed > 0 ? "SufficientPods" : "InsufficientPods" }],
    });
  });

  it("allows less while a pod is not ready, and more again when it is", async () => {
    const cluster = await clusterWith({ selector, minAvailable: 3 });
    const [pod] = ofWeb(cluster);
    if (pod === undefined) throw new Error("no pod");
    cluster.setReady(pod, false);
    await cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 0 });
    cluster.setReady(pod, true);
    await cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ currentHealthy: 4, disruptionsAllowed: 1 });
  });

  it("follows the scale, and its own change", async () => {
    const cluster = await clusterWith({ selector, maxUnavailable: "50%" });
    cluster.change("deployments.apps/default/web", (deployment) => void Object.assign(deployment, { spec: { ...Object(deployment["spec"]), replicas: 6 } }));
    await cluster.converge();
    expect(statusIn(cluster)).toMatchObject({ expectedPods: 6, disruptionsAllowed: 3 });
    cluster.change<PodDisruptionBudget>(key, ({ spec }) => void Object.assign(spec ?? {}, { maxUnavailable: 0 }));
    await cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ disruptionsAllowed: 0, observedGeneration: 2 });
  });

  it("counts an evicted pod as gone for two minutes, and says when it is there still", async () => {
    const cluster = await clusterWith({ selector, minAvailable: 3 });
    const [pod, other] = ofWeb(cluster);
    if (pod === undefined || other === undefined) throw new Error("no pods");
    const since = new Date(cluster.now).toISOString().replace(".000Z", "Z");
    const disruptedPods = { [pod.metadata.name]: since, [other.metadata.name]: since, "no-such-pod": since };
    cluster.change<PodDisruptionBudget>(key, (budget) => void Object.assign(budget.status ?? {}, { disruptedPods }), "status");
    cluster.delete(`pods/default/${other.metadata.name}`);
    await cluster.settle();
    // One that is on its way needs no mention any more.
    expect(statusIn(cluster)).toMatchObject({ currentHealthy: 2, disruptedPods: { [pod.metadata.name]: since } });
    expect(Object.keys(statusIn(cluster)?.disruptedPods ?? {})).toHaveLength(1);
    cluster.advance(119);
    await cluster.settle();
    expect(statusIn(cluster)).toHaveProperty("disruptedPods");
    cluster.advance(2);
    await cluster.settle();
    expect(statusIn(cluster)).not.toHaveProperty("disruptedPods");
    expect(cluster.all("events").map((event) => event["message"])).toContain("Pod was expected by PDB default/web to be deleted but it wasn't");
  });

  it("that cannot be counted allows nothing, and says why", async () => {
    const cluster = await clusterWith({ selector, maxUnavailable: 1 });
    const controller = { apiVersion: "batch/v1", kind: "Job", name: "j", uid: "j", controller: true };
    cluster.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "odd", namespace: "default", labels, ownerReferences: [controller] }, spec: podSpec });
    await cluster.reconcile(key);
    expect(statusIn(cluster)).toMatchObject({ disruptionsAllowed: 0, conditions: [{ reason: "SyncFailed", message: 'Job "j" does not implement the scale subresource' }] });
  });
});
