import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Endpoints, EndpointSlice, Pod, Service, ServiceSpec } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { keyOf, SimulatedCluster } from "../testing/simulated-cluster.ts";

const key = "services/default/web";

const service = (spec: Partial<ServiceSpec> = {}): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default", labels: { team: "a" } },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
});

interface Given {
  name: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  spec?: Record<string, unknown>;
}

function pod({ name, labels = { app: "web" }, annotations = {}, spec = {} }: Given): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels, annotations },
    spec: { containers: [{ name: "c", image: "app:1" }], ...spec },
  };
}

async function serving(spec: Partial<ServiceSpec>, pods: Given[]): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  cluster.create(service(spec));
  for (const given of pods) cluster.create(pod(given));
  await cluster.converge();
  return cluster;
}

const slices = (cluster: SimulatedCluster): Stored<EndpointSlice>[] => cluster.all<EndpointSlice>("endpointslices.discovery.k8s.io");
const shown = (cluster: SimulatedCluster) => slices(cluster).flatMap(({ endpoints }) => endpoints);
const names = (cluster: SimulatedCluster): (string | undefined)[] => shown(cluster).map(({ targetRef }) => targetRef?.name);
const endpoints = (cluster: SimulatedCluster): Stored<Endpoints> | undefined => cluster.get<Endpoints>("endpoints/default/web");

describe("a Service", () => {
  test("has one slice of its pods, with all that a reader needs", async () => {
    const cluster = await serving({}, [{ name: "a" }, { name: "b" }, { name: "stranger", labels: { app: "db" } }]);
    const [slice] = slices(cluster);
    expect(slices(cluster)).toHaveLength(1);
    expect(slice?.metadata.name).toMatch(/^web-.{5}$/);
    expect(slice?.metadata.labels).toEqual({
      team: "a",
      "kubernetes.io/service-name": "web",
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    });
    expect(slice?.metadata.ownerReferences).toMatchObject([{ kind: "Service", name: "web", controller: true }]);
    expect(slice).toMatchObject({ addressType: "IPv4", ports: [{ name: "", port: 8080, protocol: "TCP" }] });
    const a = cluster.get<Pod>("pods/default/a")!;
    expect(slice?.endpoints[0]).toEqual({
      addresses: [a.status?.podIP],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: "node-1",
      targetRef: { kind: "Pod", namespace: "default", name: "a", uid: a.metadata.uid },
    });
    expect(names(cluster)).toEqual(["a", "b"]);
  });

  test("has Endpoints of the same name, ready ones and others apart", async () => {
    const cluster = await serving({}, [{ name: "a" }, { name: "b" }]);
    cluster.setReady(cluster.get<Pod>("pods/default/b")!, false);
    await cluster.settle();
    expect(endpoints(cluster)?.subsets).toMatchObject([{
      addresses: [{ targetRef: { name: "a" } }],
      notReadyAddresses: [{ targetRef: { name: "b" } }],
      ports: [{ port: 8080, protocol: "TCP" }],
    }]);
  });

  test("shows a pod that terminates as serving but not ready, and drops one that has ended", async () => {
    const cluster = await serving({}, [{ name: "a" }, { name: "b" }]);
    cluster.delete("pods/default/a");
    cluster.setPhase(cluster.get<Pod>("pods/default/b")!, "Failed");
    await cluster.settle();
    expect(shown(cluster)).toMatchObject([{ targetRef: { name: "a" }, conditions: { ready: false, serving: true, terminating: true } }]);
    expect(endpoints(cluster)?.subsets ?? []).toEqual([]);
  });

  test("with publishNotReadyAddresses, shows every pod as ready", async () => {
    const cluster = await serving({ publishNotReadyAddresses: true }, [{ name: "a" }]);
    cluster.setReady(cluster.get<Pod>("pods/default/a")!, false);
    await cluster.settle();
    expect(shown(cluster)[0]?.conditions).toEqual({ ready: true, serving: false, terminating: false });
    expect(endpoints(cluster)?.subsets?.[0]?.addresses).toHaveLength(1);
  });

  test("finds a named target port in each pod, in a slice for each number", async () => {
    const containers = (containerPort: number) => [{ name: "c", image: "app:1", ports: [{ name: "http", containerPort }] }];
    const cluster = await serving({ ports: [{ name: "web", port: 80, targetPort: "http" }] }, [
      { name: "old", spec: { containers: containers(8000) } },
      { name: "new", spec: { containers: containers(9000) } },
    ]);
    const found = slices(cluster).map(({ ports, endpoints: each }) => [each[0]?.targetRef?.name, ports?.[0]?.port]);
    expect(Object.fromEntries(found)).toEqual({ old: 8000, new: 9000 });
  });

  test("that governs a StatefulSet shows its pods' hostnames and says that it is headless", async () => {
    const spec = { hostname: "db-0", subdomain: "web" };
    const cluster = await serving({ clusterIP: "None" }, [{ name: "db-0", spec }, { name: "other", spec: { hostname: "x", subdomain: "elsewhere" } }]);
    expect(shown(cluster).map(({ hostname }) => hostname)).toEqual(["db-0", undefined]);
    expect(slices(cluster)[0]?.metadata.labels).toHaveProperty(["service.kubernetes.io/headless"], "");
  });

  test("carries its pods' weights to the agents", async () => {
    const cluster = await serving({}, [{ name: "a", annotations: { "kedge.dev/weight": "6" } }, { name: "b", annotations: { "kedge.dev/weight": "heavy" } }]);
    const ip = cluster.get<Pod>("pods/default/a")?.status?.podIP ?? "";
    expect(slices(cluster)[0]?.metadata.annotations).toEqual({ "kedge.dev/weights": JSON.stringify({ [ip]: 6 }) });
  });

  test("without pods keeps one empty slice", async () => {
    const cluster = await serving({}, []);
    expect(slices(cluster).map((slice) => slice.endpoints)).toEqual([[]]);
  });

  test("with a new port keeps its slice", async () => {
    const cluster = await serving({}, [{ name: "a" }]);
    const [before] = slices(cluster);
    cluster.change<Service>(key, ({ spec }) => void (spec!.ports = [{ port: 80, targetPort: 9090 }]));
    await cluster.settle();
    expect(slices(cluster).map((slice) => [slice.metadata.name, slice.ports?.[0]?.port])).toEqual([[before?.metadata.name, 9090]]);
  });

  test("that is deleted takes its endpoints with it", async () => {
    const cluster = await serving({}, [{ name: "a" }]);
    cluster.delete(key);
    await cluster.settle();
    expect([...slices(cluster), endpoints(cluster)]).toEqual([undefined]);
  });

  test("without a selector shows what its author wrote into Endpoints", async () => {
    const cluster = new SimulatedCluster();
    const { selector: _selector, ...spec } = service().spec ?? {};
    cluster.create({ ...service(), spec });
    cluster.create({ apiVersion: "v1", kind: "Endpoints", metadata: { name: "web", namespace: "default" }, subsets: [{ addresses: [{ ip: "192.0.2.7" }], ports: [{ port: 5432 }] }] });
    await cluster.settle();
    expect(slices(cluster)).toMatchObject([{
      metadata: { labels: { "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io" } },
      endpoints: [{ addresses: ["192.0.2.7"], conditions: { ready: true } }],
      ports: [{ port: 5432, protocol: "TCP" }],
    }]);
    cluster.delete("endpoints/default/web");
    await cluster.settle();
    expect(slices(cluster)).toEqual([]);
  });

  test("holds at most 100 endpoints in a slice, and one pod's change writes one slice", async () => {
    const cluster = await serving({}, Array.from({ length: 230 }, (_, at) => ({ name: `p${at}` })));
    expect(slices(cluster).map(({ endpoints: each }) => each.length).toSorted((a, b) => a - b)).toEqual([30, 100, 100]);
    cluster.setReady(cluster.pods[17]!, false);
    const { operations } = cluster;
    await cluster.settle();
    // The slice, and Endpoints.
    expect(cluster.operations - operations).toBe(2);
  });

  test("whatever happens to its pods, shows each of them once and then changes nothing more", async () => {
    const step = fc.record({ do: fc.constantFrom("create", "create", "run", "run", "delete", "unready", "reconcile"), pick: fc.nat(200) });
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const cluster = await serving({}, []);
      for (const [at, { do: what, pick }] of steps.entries()) {
        const chosen = cluster.pods[pick % Math.max(1, cluster.pods.length)];
        if (what === "create") cluster.create(pod({ name: `p${at}` }));
        else if (what === "reconcile") await cluster.reconcileNext(pick);
        else if (chosen !== undefined && what === "run") cluster.runPod(chosen);
        else if (chosen !== undefined && what === "delete") cluster.delete(keyOf(chosen));
        else if (chosen?.status?.phase === "Running") cluster.setReady(chosen, false);
      }
      await cluster.converge();
      expect(names(cluster)).toHaveLength(cluster.pods.length);
      expect(new Set(names(cluster))).toEqual(new Set(cluster.pods.map(({ metadata }) => metadata.name)));
      const { revision } = cluster;
      await cluster.reconcile(key);
      expect(cluster.revision).toBe(revision);
    }), { numRuns: 40 });
  });
});
