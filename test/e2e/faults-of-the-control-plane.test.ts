/** The control plane killed at any moment comes back with every acknowledged write and finishes what it was doing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HollowNodes } from "../bench/hollow-nodes.ts";
import { Target } from "../bench/target.ts";
import { eventually } from "./harness/eventually.ts";
import { deploymentManifest } from "./harness/manifests.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-agent", "--no-example");
const path = "/api/v1/namespaces/default/configmaps";
let target: Target;

beforeAll(() => {
  const { server, adminToken, ca } = use.current;
  target = new Target({ server, token: adminToken, ca });
});
afterAll(() => target?.close());

/** Writes until `count` were acknowledged, going on after errors; gives the names that were. */
async function acknowledgedWrites(prefix: string, count: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let index = 0; acknowledged.length < count; index++) {
    const name = `${prefix}-${index}`;
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
    const { status } = await target.send("POST", path, body).catch(() => ({ status: 0 }));
    if (status === 201) acknowledged.push(name);
    if (index > count * 50) throw new Error(`only ${acknowledged.length} writes were acknowledged`);
  }
  return acknowledged;
}

async function namesOf(): Promise<string[]> {
  const { items } = await target.call<{ items: { metadata: { name: string } }[] }>("GET", path);
  return items.map(({ metadata }) => metadata.name);
}

describe("writes", () => {
  it("survive a SIGKILL of workerd in their midst", async () => {
    const writers = ["a", "b", "c", "d"].map((prefix) => acknowledgedWrites(prefix, 60));
    await eventually(async () => expect((await namesOf()).length).toBeGreaterThan(20), { intervalMs: 10 });
    const before = use.current.workerdPid ?? 0;
    process.kill(before, "SIGKILL");
    const acknowledged = (await Promise.all(writers)).flat();
    expect(use.current.workerdPid).not.toBe(before);
    expect(await namesOf()).toEqual(expect.arrayContaining(acknowledged));
  });

  it("survive a SIGKILL of workerd's parent, and workerd goes with it", async () => {
    const acknowledged = await acknowledgedWrites("parent", 20);
    const workerd = use.current.workerdPid ?? 0;
    process.kill(use.current.supervisorPid ?? 0, "SIGKILL");
    await eventually(() => expect(() => process.kill(workerd, 0)).toThrow());
    await use.current.startAgain();
    expect(await namesOf()).toEqual(expect.arrayContaining(acknowledged));
  });
});

describe("a rollout", () => {
  let nodes: HollowNodes;
  beforeAll(async () => {
    nodes = new HollowNodes({ target, prefix: "fault", count: 3, namespace: "default" });
    await nodes.start();
  });
  afterAll(() => nodes.stop());

  it("goes on after workerd was killed in its midst", async () => {
    const manifest = deploymentManifest({ name: "web", replicas: 12 });
    await use.current.apply(manifest);
    await use.current.kubectl("rollout status deployment/web --timeout=60s");
    await use.current.kubectl("set image deployment/web app=my-app-image:2.0");
    process.kill(use.current.workerdPid ?? 0, "SIGKILL");
    await eventually(() => nodes.restartWatch());
    await eventually(async () => expect(await use.current.kubectl("get deployment web")).toMatch(/web\s+12\/12\s+12\s+12/), { timeoutMs: 90_000 });
    await eventually(async () => expect((await use.current.kubectl("get pods -l app=web -o name")).split("\n")).toHaveLength(13));
    await use.current.kubectl("delete deployment web");
  });
});
