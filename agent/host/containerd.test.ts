/**
 * The real containerd of this machine, with pods in the host's network (so that no network of ours is needed). Needs
 * root and containerd; it is skipped, saying so, only where these are not there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { CriRuntime } from "../runtime/cri/cri-runtime.ts";
import type { SandboxConfig } from "../runtime/runtime.ts";
import { hierarchies, processesIn } from "./cgroups.ts";
import { isServing, stopContainerd } from "./containerd.ts";
import { createHost } from "./create-host.ts";
import type { Host, HostNames } from "./host.ts";
import { imageArchive } from "./image-archive.ts";
import { loadImage } from "./load-image.ts";
import { mountsBeneath } from "./mounts.ts";
import { findTool } from "./packages.ts";
import { readOwner } from "./owner.ts";
import { isAlive, recordOf, signal } from "./process-record.ts";
import { removeNode, sweepNodes } from "./remove-node.ts";
import { until } from "./wait.ts";

const missing = ["containerd", "ctr", "runc", "nft"].filter((tool) => !findTool(tool));
const reason = process.getuid?.() !== 0 ? "needs root" : missing.length > 0 ? `not installed: ${missing.join(", ")}` : undefined;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "kedge-host-")));
const hosts: Host[] = [];

function newHost(name: string): Host {
  const host = createHost(join(folder, name));
  hosts.push(host);
  return host;
}

function sandbox(name: string, names: HostNames): SandboxConfig {
  return {
    name,
    uid: name,
    namespace: "default",
    attempt: 0,
    hostname: "",
    logDirectory: join(names.stateDir, "logs"),
    dns: { servers: [], searches: [], options: [] },
    portMappings: [],
    labels: {},
    annotations: {},
    cgroupParent: `${names.cgroupParent}/pod-${name}`,
    hostNetwork: true,
    hostPid: false,
    hostIpc: false,
    sharePid: false,
    sysctls: {},
    securityContext: { supplementalGroups: [], readonlyRootfs: false, privileged: false },
  };
}

async function runSandbox(names: HostNames, name: string): Promise<void> {
  const runtime = new CriRuntime(names.containerdSocket);
  await runtime.runSandbox(sandbox(name, names)).finally(() => runtime.close());
}

async function readySandboxes(names: HostNames): Promise<string[]> {
  const runtime = new CriRuntime(names.containerdSocket);
  const all = await runtime.listSandboxes().finally(() => runtime.close());
  return all.filter((one) => one.state === "ready").map((one) => one.name).sort();
}

/** Everything on this machine that carries a cluster's names; shim sockets by the folder that they share. */
function traces(names: HostNames, shims: string[]): string[] {
  const processes = readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(names.name);
    } catch {
      return false;
    }
  });
  const files = [names.runtimeDir, names.containerdRoot, names.containerdConfig, names.cniConfDir, ...shims].filter((path) => existsSync(path));
  const cgroups = hierarchies().map((root) => join(root, names.cgroupParent)).filter((path) => existsSync(path));
  return [...processes, ...files, ...cgroups, ...mountsBeneath(names.runtimeDir), ...mountsBeneath(names.containerdRoot)];
}

function shimSockets(names: HostNames): string[] {
  const bundles = join(names.containerdState, "io.containerd.runtime.v2.task/k8s.io");
  return readdirSync(bundles).map((id) => readFileSync(join(bundles, id, "address"), "utf8").replace("unix://", ""));
}

describe.skipIf(reason !== undefined)(`containerd of a state directory${reason ? ` (skipped: ${reason})` : ""}`, { timeout: 60_000 }, () => {
  afterEach(async () => {
    for (const host of hosts.splice(0)) await removeNode(host.names.stateDir);
    rmSync(folder, { recursive: true, force: true });
  });

  it("is started once and adopted after that", async () => {
    const first = await newHost("a").ensureContainerd();
    const second = await newHost("a").ensureContainerd();
    expect(second).toEqual(first);
  });

  it.each([
    ["long and with spaces", join("a folder", `with-a-long-name-${"x".repeat(120)}`, "dir")],
    ["not fit for an overlay's mount options", "odd, and: odder"],
  ])("runs pods also where the state directory's path is %s", async (_, path) => {
    const host = newHost(path);
    await host.ensureContainerd();
    await runSandbox(host.names, "p");
    expect(await readySandboxes(host.names)).toEqual(["p"]);
  });

  it("is started again after it was killed, and its pods go on", async () => {
    const host = newHost("a");
    const { pid } = await host.ensureContainerd();
    await runSandbox(host.names, "p");
    const before = processesIn(`${host.names.cgroupParent}/pod-p`);
    expect(before.length).toBeGreaterThan(0);
    const record = recordOf(pid);
    if (!record) throw new Error("containerd does not run");
    signal(record, "SIGKILL");
    await until(() => !isAlive(record), { timeoutMs: 5_000 });
    const again = await host.ensureContainerd();
    expect(again.pid).not.toBe(pid);
    expect(await readySandboxes(host.names)).toEqual(["p"]);
    expect(processesIn(`${host.names.cgroupParent}/pod-p`)).toEqual(before);
  });

  it("is kept: one that was killed is started again by itself, until it is not kept any more", async () => {
    const host = newHost("a");
    const { pid } = await host.ensureContainerd();
    const keeping = new AbortController();
    const lines: string[] = [];
    host.keepContainerd(keeping.signal, (line) => lines.push(line));
    process.kill(pid, "SIGKILL");
    const isBack = await until(async () => readOwner(host.names.runtimeDir)?.containerd.pid !== pid && (await isServing(host.names.containerdSocket, 500)), { timeoutMs: 15_000 });
    keeping.abort();
    expect([isBack, lines]).toEqual([true, ["containerd ended; starting it again"]]);
  });

  it("does not meet another one, and its removal leaves nothing of it and all of the other", async () => {
    const [a, b] = [newHost("a"), newHost("b")];
    for (const host of [a, b]) {
      await host.ensureContainerd();
      await runSandbox(host.names, `of-${host.names.stateDir.slice(-1)}`);
    }
    expect([await readySandboxes(a.names), await readySandboxes(b.names)]).toEqual([["of-a"], ["of-b"]]);
    const [shimsOfA, tracesOfB] = [shimSockets(a.names), traces(b.names, shimSockets(b.names))];
    expect(traces(a.names, shimsOfA).length).toBeGreaterThan(8);
    await a.remove();
    expect(traces(a.names, shimsOfA)).toEqual([]);
    expect(traces(b.names, shimSockets(b.names))).toEqual(tracesOfB);
    expect(await readySandboxes(b.names)).toEqual(["of-b"]);
  });

  it("is removed with its pods although it does not run any more; doing it twice is fine", async () => {
    const host = newHost("a");
    await host.ensureContainerd();
    await runSandbox(host.names, "p");
    const shims = shimSockets(host.names);
    const record = readOwner(host.names.runtimeDir)?.containerd;
    if (record) await stopContainerd(record);
    await host.remove();
    expect(traces(host.names, shims)).toEqual([]);
    await host.remove();
  });

  it("is swept up when the agent that ran it is gone, and not while it lives", async () => {
    const host = newHost("a");
    const program = `
      const { createHost } = await import(${JSON.stringify(join(import.meta.dirname, "create-host.ts"))});
      await createHost(${JSON.stringify(host.names.stateDir)}).ensureContainerd();`;
    // An agent that ends, as one that was killed does, without a word; its containerd stays.
    expect(spawnSync(process.execPath, ["--input-type=module", "-e", program]).status).toBe(0);
    await runSandbox(host.names, "p");
    const shims = shimSockets(host.names);
    expect(traces(host.names, shims)).not.toEqual([]);
    const living = newHost("b");
    await living.ensureContainerd();
    expect(await sweepNodes(folder)).toEqual([host.names.stateDir]);
    expect(traces(host.names, shims)).toEqual([]);
    expect(await readySandboxes(living.names)).toEqual([]);
  });

  it("takes images from `docker save` archives and from OCI archives", async () => {
    const host = newHost("a");
    const { socket } = await host.ensureContainerd();
    const description = { name: "app:1", entrypoint: ["/app"], files: [{ path: "/app", content: "" }] };
    const [name] = await loadImage(socket, await imageArchive(description));
    // The name as pods' short names are completed.
    expect(name).toMatch(/^[^/]+\.[^/]+\/library\/app:1$/);
    const exported = join(folder, "oci.tar");
    const ctr = ["--address", socket, "--namespace", "k8s.io", "images"];
    expect(spawnSync("ctr", [...ctr, "export", "--skip-manifest-json", exported, name ?? ""]).status).toBe(0);
    expect(spawnSync("ctr", [...ctr, "remove", name ?? ""]).status).toBe(0);
    expect(await loadImage(socket, exported)).toEqual([name]);
  });

  it("says what is wrong with an archive that is none", async () => {
    const { socket } = await newHost("a").ensureContainerd();
    await expect(loadImage(socket, Buffer.from("not an archive"))).rejects.toThrow(/ctr/);
  });

  it("says why it does not start", async () => {
    const host = newHost("a");
    mkdirSync(host.names.runtimeDir);
    writeFileSync(host.names.containerdState, "a file where a folder has to be");
    await expect(host.ensureContainerd()).rejects.toThrow(/containerd did not start.*not a directory/s);
  });
});
