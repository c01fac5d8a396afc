/** `pods/eviction`: whether a pod may go is for its disruption budget to say. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, namespace, prepare, WatchReader, type Answer, type Json } from "./api.ts";

let ns: string;
let budgets: string;
let count = 0;

beforeAll(prepare);

beforeEach(async () => {
  count += 1;
  ns = await namespace(`evictions-${count}`);
  budgets = `/apis/policy/v1/namespaces/evictions-${count}/poddisruptionbudgets`;
});

const labels = { app: "web" };

/** Of no node, so that it goes at once; its status is the test's. */
async function pod(name: string, isReady = true): Promise<void> {
  const spec = { schedulerName: "nobody", containers: [{ name: "c", image: "i" }] };
  const { body } = await call("POST", `${ns}/pods`, { body: { metadata: { name, labels }, spec } });
  const status = { phase: "Running", conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] };
  expect((await call("PUT", `${ns}/pods/${name}/status`, { body: { ...body, metadata: { name, labels }, status } })).status).toBe(200);
}

async function budget(spec: object, allowed: number, name = "web"): Promise<void> {
  expect((await call("POST", budgets, { body: { metadata: { name }, spec: { selector: { matchLabels: labels }, ...spec } } })).status).toBe(201);
  await allows(allowed, name);
}

/** Its controller has seen the pods. */
async function allows(allowed: number, name = "web"): Promise<void> {
  for (let left = 100; ; left--) {
    const { observedGeneration, disruptionsAllowed } = ((await call("GET", `${budgets}/${name}`)).body.status ?? {}) as Record<string, number>;
    if (observedGeneration !== undefined && disruptionsAllowed === allowed) return;
    if (left === 0) throw new Error(`allows ${disruptionsAllowed}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

async function evict(name: string, query = "", more: object = {}): Promise<Answer<Json>> {
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name }, ...more };
  return await call("POST", `${ns}/pods/${name}/eviction${query}`, { body });
}

const isThere = async (name: string): Promise<boolean> => (await call("GET", `${ns}/pods/${name}`)).status === 200;

describe("an eviction", () => {
  test("takes what the budget allows, and no more", async () => {
    await Promise.all(["a", "b"].map((name) => pod(name)));
    await budget({ minAvailable: 1 }, 1);
    expect((await evict("a")).status).toBe(201);
    expect(await isThere("a")).toBe(false);
    await allows(0);
    const refused = await evict("b");
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({
      reason: "TooManyRequests",
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: { causes: [{ reason: "DisruptionBudget", message: "The disruption budget web needs 1 healthy pods and has 1 currently" }] },
    });
    expect(await isThere("b")).toBe(true);
  });

  test("is written down in the pod that it ends and in the budget that it asked", async () => {
    await pod("a");
    await pod("b");
    // Held, so that its last state can be looked at.
    await call("PATCH", `${ns}/pods/a`, { body: { metadata: { finalizers: ["example.com/hold"] } }, type: "application/merge-patch+json" });
    await budget({ minAvailable: 1 }, 1);
    const watch = await WatchReader.open(`${budgets}?watch=true&resourceVersion=${(await call("GET", budgets)).body.metadata.resourceVersion}`);
    expect((await evict("a")).status).toBe(201);
    const written = await watch.next();
    expect(written?.object["status"]).toMatchObject({ disruptionsAllowed: 0, disruptedPods: { a: expect.stringMatching(/Z$/) } });
    const { body } = await call("GET", `${ns}/pods/a`);
    expect(body.metadata.deletionTimestamp).toBeDefined();
    const said = { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" };
    expect((body.status as { conditions: object[] }).conditions).toContainEqual(expect.objectContaining(said));
    // Its controller has seen the end.
    expect((await watch.next())?.object["status"]).not.toHaveProperty("disruptedPods");
    await watch.close();
    await call("PATCH", `${ns}/pods/a`, { body: { metadata: { finalizers: null } }, type: "application/merge-patch+json" });
  });

  test("never takes one permission twice", async () => {
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => pod(name)));
    await budget({ minAvailable: 3 }, 1);
    const answers = await Promise.all(names.map((name) => evict(name)));
    expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([201, 429, 429, 429]);
  });

  test("means the pod of the path, or nobody", async () => {
    await pod("meant");
    for (const metadata of [{ name: "other" }, undefined]) {
      const { status, body } = await call("POST", `${ns}/pods/meant/eviction`, { body: { apiVersion: "policy/v1", kind: "Eviction", metadata } });
      expect([status, body.message]).toEqual([400, "name in URL does not match name in Eviction object"]);
    }
    expect((await call("GET", `${ns}/pods/meant`)).status).toBe(200);
  });

  test("asks nobody where no budget is, or about a pod that has not begun", async () => {
    await pod("free");
    expect((await evict("free")).status).toBe(201);
    await pod("held");
    await budget({ minAvailable: 1 }, 0);
    await call("POST", `${ns}/pods`, { body: { metadata: { name: "pending", labels }, spec: { schedulerName: "nobody", containers: [{ name: "c", image: "i" }] } } });
    expect((await evict("pending")).status).toBe(201);
    expect((await evict("held")).status).toBe(429);
  });

  test("of a pod that is not ready follows the budget's policy", async () => {
    await Promise.all([pod("sick", false), pod("well")]);
    await budget({ minAvailable: 2 }, 0);
    expect((await evict("sick")).status).toBe(429);
    const patch = { body: { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } }, type: "application/merge-patch+json" };
    expect((await call("PATCH", `${budgets}/web`, patch)).status).toBe(200);
    expect((await evict("sick")).status).toBe(201);
  });

  test("of an unready pod is free while enough others are", async () => {
    await Promise.all([pod("sick", false), pod("well")]);
    await budget({ minAvailable: 1 }, 0);
    expect((await evict("sick")).status).toBe(201);
    expect((await evict("well")).status).toBe(429);
  });

  test("tried dry takes nothing", async () => {
    await Promise.all(["a", "b"].map((name) => pod(name)));
    await budget({ minAvailable: 1 }, 1);
    expect((await evict("a", "?dryRun=All")).status).toBe(201);
    expect(await isThere("a")).toBe(true);
    await allows(1);
  });

  test("tried dry as kubectl drain does, in its own delete options, takes nothing either", async () => {
    await Promise.all(["a", "b"].map((name) => pod(name)));
    await budget({ minAvailable: 1 }, 1);
    const deleteOptions = { dryRun: ["All"] };
    expect((await evict("a", "", { deleteOptions })).status).toBe(201);
    expect((await evict("a", "?dryRun=All", { deleteOptions })).status).toBe(201);
    expect(await isThere("a")).toBe(true);
    await allows(1);
    await pod("free");
    expect((await evict("a", "", { deleteOptions: { dryRun: ["Some"] } })).status).toBe(422);
  });

  test("means the pod of its path", async () => {
    await pod("a");
    const { status, body } = await evict("a", "", { metadata: { name: "b" } });
    expect([status, body.message]).toEqual([400, "name in URL does not match name in Eviction object"]);
    const elsewhere = await evict("a", "", { metadata: { name: "a", namespace: "default" } });
    expect([elsewhere.status, elsewhere.body.message]).toEqual([400, "the namespace of the provided object does not match the namespace sent on the request"]);
    expect(await isThere("a")).toBe(true);
  });

  test("is refused where two budgets claim the pod", async () => {
    await pod("a");
    await budget({ minAvailable: 0 }, 1);
    await budget({ minAvailable: 0 }, 1, "second");
    const { status, body } = await evict("a");
    expect(status).toBe(500);
    expect(body.message).toBe("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
  });

  test("of nobody is not found", async () => {
    expect((await evict("nobody")).status).toBe(404);
  });
});
