import { beforeEach, describe, expect, it } from "vitest";
import { call, type Json, prepare } from "../http/api.ts";
import { created, eventually, eventuallyGone, freshNamespace, got, namesAt, patched, removed, template } from "./harness.ts";

beforeEach(prepare);

const apps = (space: string) => space.replace("/api/v1", "/apis/apps/v1");

async function deployment(space: string): Promise<{ path: string; replicaSet: string }> {
  const labels = { app: "gc" };
  const spec = { replicas: 2, selector: { matchLabels: labels }, template: template(labels) };
  await created(`${apps(space)}/deployments`, { metadata: { name: "d" }, spec });
  const [name = ""] = await eventually(async () => {
    const names = await namesAt(`${apps(space)}/replicasets`);
    expect(names).toHaveLength(1);
    expect(await namesAt(`${space}/pods`)).toHaveLength(2);
    return names;
  });
  return { path: `${apps(space)}/deployments/d`, replicaSet: `${apps(space)}/replicasets/${name}` };
}

async function replicationController(space: string, name: string, replicas: number): Promise<Json> {
  const labels = { app: name };
  const made = await created(`${space}/replicationcontrollers`, { metadata: { name }, spec: { replicas, selector: labels, template: template(labels) } });
  await eventually(async () => expect(await namesAt(`${space}/pods?labelSelector=app%3D${name}`)).toHaveLength(replicas));
  return made;
}

describe("garbage collector", () => {
  it("Garbage Collector, delete deployment,  propagation policy background", async () => {
    const space = await freshNamespace("gc");
    const { path, replicaSet } = await deployment(space);
    await removed(path, { propagationPolicy: "Background" });
    await eventuallyGone(replicaSet);
    await eventually(async () => expect(await namesAt(`${space}/pods`)).toEqual([]));
  });

  it("Garbage Collector, delete deployment, propagation policy orphan", async () => {
    const space = await freshNamespace("gc");
    const { path, replicaSet } = await deployment(space);
    await removed(path, { propagationPolicy: "Orphan" });
    await eventuallyGone(path);
    const orphan = await got(replicaSet);
    expect(orphan.metadata["ownerReferences"]).toBeUndefined();
    expect(await namesAt(`${space}/pods`)).toHaveLength(2);
  });

  it("Garbage Collector, delete replication controller, propagation policy background", async () => {
    const space = await freshNamespace("gc");
    await replicationController(space, "rc", 2);
    await removed(`${space}/replicationcontrollers/rc`, { propagationPolicy: "Background" });
    await eventuallyGone(`${space}/replicationcontrollers/rc`);
    await eventually(async () => expect(await namesAt(`${space}/pods`)).toEqual([]));
  });

  it("Garbage Collector, delete replication controller, propagation policy orphan", async () => {
    const space = await freshNamespace("gc");
    await replicationController(space, "rc", 10);
    await removed(`${space}/replicationcontrollers/rc`, { propagationPolicy: "Orphan" });
    await eventuallyGone(`${space}/replicationcontrollers/rc`);
    const { items } = await got(`${space}/pods`);
    expect(items.map(({ metadata }) => metadata["ownerReferences"])).toEqual(Array.from({ length: 10 }));
  });

  it("Garbage Collector, delete replication controller, after owned pods", async () => {
    const space = await freshNamespace("gc");
    await replicationController(space, "rc", 10);
    const [held = ""] = await namesAt(`${space}/pods`);
    await patched(`${space}/pods/${held}`, { metadata: { finalizers: ["example.com/hold"] } });
    await removed(`${space}/replicationcontrollers/rc`, { propagationPolicy: "Foreground" });
    await eventually(async () => expect(await namesAt(`${space}/pods`)).toEqual([held]));
    const waiting = await got(`${space}/replicationcontrollers/rc`);
    expect(waiting.metadata.finalizers).toEqual(["foregroundDeletion"]);
    await patched(`${space}/pods/${held}`, { metadata: { finalizers: null } });
    await eventuallyGone(`${space}/replicationcontrollers/rc`);
    expect(await namesAt(`${space}/pods`)).toEqual([]);
  });

  it("Garbage Collector, multiple owners", async () => {
    const space = await freshNamespace("gc");
    await replicationController(space, "going", 10);
    const staying = await replicationController(space, "staying", 0);
    const owner = { apiVersion: "v1", kind: "ReplicationController", name: "staying", uid: staying.metadata.uid };
    const half = (await namesAt(`${space}/pods`)).slice(0, 5);
    for (const name of half) {
      const { metadata } = await got(`${space}/pods/${name}`);
      await patched(`${space}/pods/${name}`, { metadata: { ownerReferences: [...(metadata["ownerReferences"] as object[]), owner] } });
    }
    await removed(`${space}/replicationcontrollers/going`, { propagationPolicy: "Foreground" });
    await eventuallyGone(`${space}/replicationcontrollers/going`);
    const { items } = await got(`${space}/pods`);
    expect(items.map(({ metadata }) => metadata.name).toSorted()).toEqual(half.toSorted());
    expect(items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toEqual([]);
  });

  it("Garbage Collector, dependency cycle", async () => {
    const space = await freshNamespace("gc");
    const pods: Json[] = [];
    for (const name of ["pod1", "pod2", "pod3"]) pods.push(await created(`${space}/pods`, { metadata: { name }, spec: { containers: [{ name: "c", image: "app:1" }] } }));
    const ownedBy = async (name: string, owner: Json | undefined) => patched(`${space}/pods/${name}`, {
      metadata: {
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: owner?.metadata.name, uid: owner?.metadata.uid, controller: true, blockOwnerDeletion: true }],
      },
    });
    await ownedBy("pod1", pods[2]);
    await ownedBy("pod2", pods[0]);
    await ownedBy("pod3", pods[1]);
    const answer = await call("DELETE", `${space}/pods/pod1`, { body: { propagationPolicy: "Foreground" } });
    expect(answer.status).toBeLessThan(300);
    await eventually(async () => expect(await namesAt(`${space}/pods`)).toEqual([]));
  });
});
