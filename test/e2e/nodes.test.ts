/** A further node, joined by hand; its agent dies, and what ran there goes on elsewhere. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "./harness/cluster.ts";
import { eventually } from "./harness/eventually.ts";
import { loadKubectlImage } from "./harness/kubectl-image.ts";
import { deploymentManifest } from "./harness/manifests.ts";
import { repository } from "./harness/owner.ts";
import { secondHost } from "./harness/second-host.ts";
import { useCluster } from "./harness/use-cluster.ts";

const use = useCluster("--no-example", "--listen", "0.0.0.0");
// Before the cluster starts: its certificate has the addresses that the machine has then.
const host = secondHost();
const kubectl = (args: string | string[]) => use.current.kubectl(args);
const bootstrap = join(repository, "worker/local/bootstrap.mjs");
let stateDir: string;
let agent: ChildProcess | undefined;
let log = "";

/** `ip netns exec` would hide the cgroups. */
function onSecondHost(...args: string[]): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  return spawn("nsenter", [`--net=/run/netns/${host.namespace}`, process.execPath, bootstrap, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

const serverForSecond = () => `https://${host.address}:${new URL(use.current.server).port}`;

function startAgent(...flags: string[]): void {
  const child = onSecondHost("agent", "--state-dir", stateDir, "--node-name", "second", ...flags);
  child.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  agent = child;
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  await exited;
}

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), "kedge-e2e-second-"));
  const { stdout } = await use.current.command("join-token", "--node", "second");
  const token = /kj\.[\w-]+\.[\w-]+/.exec(stdout)?.[0] ?? "";
  writeFileSync(join(stateDir, "token"), token, { mode: 0o600 });
  startAgent("--server", serverForSecond(), "--join-token-file", join(stateDir, "token"));
  await eventually(async () => expect(`${await kubectl("get nodes --no-headers")}${log}`).toMatch(/^second\s+Ready /m), { timeoutMs: 60_000 });
  await use.current.command("load", "--example");
  await run(process.execPath, [bootstrap, "load", "--example", "--state-dir", stateDir]);
});
afterAll(async () => {
  await ended(agent, "SIGTERM");
  await run("nsenter", [`--net=/run/netns/${host.namespace}`, process.execPath, join(repository, "agent/down.ts"), "--state-dir", stateDir]);
  rmSync(stateDir, { recursive: true, force: true });
  host.remove();
});

const short = ["tolerations:", "- {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 5}", "- {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 5}"];

describe("a second node", () => {
  it("joined with a token that works once", async () => {
    const { stderr, stdout, code } = await run(process.execPath, [bootstrap, "agent", "--state-dir", `${stateDir}-clone`, "--node-name", "third", "--server", use.current.server, "--join-token-file", join(stateDir, "token")]);
    expect({ code, said: stderr + stdout }).toEqual({ code: 1, said: expect.stringMatching(/join|token|Unauthorized/i) });
    await run(process.execPath, [join(repository, "agent/down.ts"), "--state-dir", `${stateDir}-clone`]);
  });

  it("gets its share of pods", async () => {
    await use.current.apply(deploymentManifest({ name: "web", replicas: 4, podSpec: short }));
    await kubectl("rollout status deployment/web --timeout=60s");
    expect(await kubectl("get pods -l app=web -o jsonpath={.items[*].spec.nodeName}")).toContain("second");
  });

  it("lets its pods reach the API through its own agent", async () => {
    expect((await loadKubectlImage(stateDir)).stdout).toContain("kubectl:1.35");
    await use.current.apply("apiVersion: v1\nkind: Pod\nmetadata: {name: client}\nspec: {nodeName: second, terminationGracePeriodSeconds: 0, containers: [{name: app, image: 'kubectl:1.35'}]}");
    await kubectl("wait pod/client --for=condition=Ready --timeout=60s");
    const address = await kubectl("get pod client -o jsonpath={.status.podIP}");
    expect(await kubectl("exec client -- kubectl auth whoami -o jsonpath={.status.userInfo.username}")).toBe("system:serviceaccount:default:default");
    // The node whose network the control plane is on has another pod CIDR, and an agent of its own.
    expect(await kubectl("get node second -o jsonpath={.spec.podCIDR}")).toMatch(new RegExp(`^${address.split(".").slice(0, 3).join("\\.")}\\.`));
    await kubectl("delete pod client");
  });

  it("loses its Deployment's pods when its agent dies, and runs nothing twice when it returns", async () => {
    await ended(agent, "SIGKILL");
    await eventually(async () => expect(await kubectl("get node second --no-headers")).toContain("NotReady"), { timeoutMs: 90_000, intervalMs: 1000 });
    await eventually(
      async () => {
        const rows = (await kubectl("get pods -l app=web -o wide --no-headers")).trim().split("\n").filter((row) => / Running /.test(row) && !row.includes("second"));
        expect(rows).toHaveLength(4);
      },
      { timeoutMs: 60_000, intervalMs: 1000 },
    );
    startAgent();
    await eventually(async () => expect(await kubectl("get node second --no-headers")).toMatch(/ Ready /), { timeoutMs: 60_000 });
    await eventually(async () => expect((await kubectl("get pods -l app=web --no-headers")).trim().split("\n")).toHaveLength(4), { timeoutMs: 60_000 });
  }, 240_000);

  it("is registered again, and keeps its pods, when somebody deletes it while its agent runs", async () => {
    const pods = () => kubectl("get pods -l app=web -o jsonpath={.items[*].metadata.uid}");
    const before = { pods: await pods(), node: await kubectl("get node second -o jsonpath={.metadata.uid}") };
    await kubectl("delete node second");
    await eventually(async () => expect(await kubectl("get node second --no-headers")).toMatch(/ Ready /), { timeoutMs: 20_000 });
    expect(await kubectl("get node second -o jsonpath={.metadata.uid}")).not.toBe(before.node);
    expect(await pods()).toBe(before.pods);
  });

  it("is told off when its key was revoked", async () => {
    await kubectl("delete --raw /kedge/v1/nodes/second/agent");
    await eventually(() => expect(log).toMatch(/refuses this agent|revoked/), { timeoutMs: 60_000 });
  });
});
