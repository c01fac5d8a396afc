import { beforeEach, describe, expect, it } from "vitest";
import { call, prepare } from "../http/api.ts";
import { created, eventually, eventuallyGone, freshNamespace, got, namesAt, patched, removed } from "./harness.ts";

beforeEach(prepare);

const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "app:1" }] } };

describe("namespaces", () => {
  it("Namespace patching", async () => {
    const path = await freshNamespace("patching");
    await patched(path, { metadata: { labels: { testLabel: "testValue" } } });
    expect((await got(path)).metadata.labels).toMatchObject({ testLabel: "testValue" });
  });

  it("Namespace, apply update to a namespace", async () => {
    const path = await freshNamespace("update");
    const current = await got(path);
    const labels = { ...current.metadata.labels, updated: "yes" };
    const answer = await call("PUT", path, { body: { ...current, metadata: { ...current.metadata, labels } } });
    expect(answer.status).toBe(200);
    expect((await got(path)).metadata.labels).toMatchObject({ updated: "yes" });
  });

  it("Namespace, apply changes to a namespace status", async () => {
    const path = await freshNamespace("status");
    expect((await got(`${path}/status`)).status).toEqual({ phase: "Active" });
    const condition = { type: "StatusPatch", status: "True", reason: "E2E", message: "Patched by an e2e test" };
    await patched(`${path}/status`, { metadata: { annotations: { patched: "true" } }, status: { conditions: [condition] } });
    const current = await got(path);
    expect(current.metadata.annotations).toEqual({ patched: "true" });
    expect(current.status).toMatchObject({ phase: "Active", conditions: [condition] });
    const update = { ...condition, type: "StatusUpdate", message: "Updated by an e2e test" };
    const answer = await call("PUT", `${path}/status`, { body: { ...current, status: { phase: "Active", conditions: [condition, update] } } });
    expect(answer.body.status).toMatchObject({ conditions: [{ type: "StatusPatch" }, { type: "StatusUpdate" }] });
  });

  it("Namespace, apply finalizer to a namespace", async () => {
    const path = await freshNamespace("finalizer");
    const finalize = async (finalizers: string[]) => {
      const current = await got(path);
      return call("PUT", `${path}/finalize`, { body: { ...current, spec: { finalizers } } });
    };
    expect((await finalize(["kubernetes", "e2e.example.com/fakeFinalizer"])).status).toBe(200);
    expect((await got(path)).spec["finalizers"]).toEqual(["kubernetes", "e2e.example.com/fakeFinalizer"]);
    expect((await finalize(["kubernetes"])).status).toBe(200);
    expect((await got(path)).spec["finalizers"]).toEqual(["kubernetes"]);
  });

  it("namespace-deletion-removes-pods", async () => {
    const path = await freshNamespace("pods");
    await created(`${path}/pods`, pod);
    await removed(path);
    await eventuallyGone(path);
    await call("POST", "/api/v1/namespaces", { body: { metadata: { name: path.split("/").at(-1) } } });
    expect(await namesAt(`${path}/pods`)).toEqual([]);
  });

  it("namespace-deletion-removes-services", async () => {
    const path = await freshNamespace("services");
    await created(`${path}/services`, { metadata: { name: "s" }, spec: { selector: { a: "b" }, ports: [{ port: 80 }] } });
    await removed(path);
    await eventuallyGone(path);
    await call("POST", "/api/v1/namespaces", { body: { metadata: { name: path.split("/").at(-1) } } });
    expect(await namesAt(`${path}/services`)).toEqual([]);
  });

  it("Ordered Namespace Deletion", async () => {
    const path = await freshNamespace("ordered");
    await created(`${path}/pods`, { ...pod, metadata: { name: "p", finalizers: ["e2e.example.com/finalizer"] } });
    await created(`${path}/configmaps`, { metadata: { name: "c" } });
    await removed(path);
    await eventually(async () => {
      expect((await got(`${path}/pods/p`)).metadata.deletionTimestamp).toBeDefined();
      const { conditions } = (await got(path)).status as { conditions: { type: string; status: string }[] };
      expect(conditions).toContainEqual(expect.objectContaining({ type: "NamespaceContentRemaining", status: "True" }));
    });
    expect((await got(`${path}/configmaps/c`)).metadata.deletionTimestamp).toBeUndefined();
    await patched(`${path}/pods/p`, { metadata: { finalizers: null } });
    await eventuallyGone(path);
  });

  it("RootCA ConfigMap test", async () => {
    const path = `${await freshNamespace("root-ca")}/configmaps/kube-root-ca.crt`;
    const original = (await eventually(() => got(path))).data;
    await removed(path);
    await eventually(() => got(path));
    await patched(path, { data: { "ca.crt": "" , forged: "yes" } });
    await eventually(async () => expect((await got(path)).data).toEqual(original));
  });
});
