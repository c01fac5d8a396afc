/**
 * For tests: hosts and pods made of network namespaces, without containers. A pod is a namespace on the host's bridge
 * with the example's server in it; `outside` is a machine next to the host that knows no route to pods. All names begin
 * with the lab's own prefix, and close() takes everything away. The prefix tells the process that made it, so that the
 * next lab sweeps up after one that was killed.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { namesOf } from "../../host/names.ts";
import { findTool } from "../../host/packages.ts";
import { run } from "../../host/run.ts";
import { until } from "../../host/wait.ts";
import type { NetworkConfig } from "../network.ts";
import type { DriverCommand, DriverState } from "./driver.ts";

const serverScript = join(import.meta.dirname, "../../../examples/image/server.pl");
const getScript = join(import.meta.dirname, "../../../examples/image/get.pl");
const driverScript = join(import.meta.dirname, "driver.ts");

/** Why no lab can be made here, or undefined. */
export function whyNoLab(): string | undefined {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const missing = ["ip", "nft", "nsenter", "unshare", "perl", "conntrack"].filter((tool) => !findTool(tool));
  return missing.length > 0 ? `not installed: ${missing.join(", ")}` : undefined;
}

/** A node's network in the lab; nodes with different numbers are of different clusters. */
export function labConfig(lab: Lab, number: number): NetworkConfig {
  return {
    name: `lab${number}`,
    stateDir: lab.stateDir(),
    podCidr: `10.${240 + number}.1.0/24`,
    clusterCidr: `10.${240 + number}.0.0/16`,
    serviceCidr: `10.${100 + number}.0.0/16`,
    dnsAddress: `10.${100 + number}.0.10`,
    clusterDomain: "cluster.local",
    nodeName: "here",
    upstreamDns: ["127.0.0.1#9"],
  };
}

export class Lab {
  readonly #prefix = `${ownPrefix()}${(++labs).toString(36)}`;
  readonly #children: ChildProcess[] = [];
  readonly #namespaces: string[] = [];
  readonly #folders: string[] = [];

  async namespace(name: string): Promise<string> {
    await sweep();
    const full = `${this.#prefix}${name}`;
    await run(["ip", "netns", "add", full]);
    this.#namespaces.push(full);
    await run(["ip", "-n", full, "link", "set", "lo", "up"]);
    return full;
  }

  /** Starts a process in a namespace; it ends with the lab at the latest. */
  spawn(namespace: string, command: string[]): ChildProcess {
    const child = spawn("nsenter", [`--net=/run/netns/${namespace}`, ...command], { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.push(child);
    return child;
  }

  async run(namespace: string, command: string[]): Promise<string> {
    return run(["nsenter", `--net=/run/netns/${namespace}`, ...command]);
  }

  /** A cable between two namespaces, each end with an address (CIDR) and a name. */
  async connect(a: { namespace: string; link: string; address?: string }, b: { namespace: string; link: string; address: string }): Promise<void> {
    await run(["ip", "-n", a.namespace, "link", "add", a.link, "type", "veth", "peer", "name", b.link, "netns", b.namespace]);
    for (const end of [a, b]) {
      if (end.address) await run(["ip", "-n", end.namespace, "address", "add", end.address, "dev", end.link]);
      await run(["ip", "-n", end.namespace, "link", "set", end.link, "up"]);
    }
  }

  stateDir(): string {
    const folder = mkdtempSync(join(tmpdir(), `kedge-lab-${process.pid}-`));
    this.#folders.push(folder);
    return folder;
  }

  /** The example's server in a namespace, under a host name of its own, on port 8080. */
  async serve(namespace: string, hostname: string): Promise<void> {
    this.spawn(namespace, ["unshare", "--uts", "sh", "-c", `hostname ${hostname}; exec perl ${serverScript} > /dev/null`]);
    const isUp = await until(() => this.run(namespace, ["ss", "-Hltn"]).then((list) => list.includes(":8080")), { timeoutMs: 5_000 });
    if (!isUp) throw new Error(`the server in ${namespace} did not start`);
  }

  /** Names of the pods that answered, in order; each request is a connection of its own. */
  async get(namespace: string, url: string, count: number): Promise<string[]> {
    const output = await this.run(namespace, ["perl", getScript, url, String(count)]);
    return output.trim().split("\n").map((line) => (JSON.parse(line) as { pod: string }).pod);
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map(end));
    for (const namespace of this.#namespaces) await run(["ip", "netns", "delete", namespace]);
    this.#folders.forEach(removeStateDir);
  }
}

/** The folder, and what its node keeps in /run, which is not the namespace's own. */
function removeStateDir(folder: string): void {
  rmSync(namesOf(folder).runtimeDir, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

let labs = 0;
let swept: Promise<void> | undefined;

/** `kt`, the process id, a dash: short, because interfaces are named after namespaces. */
function ownPrefix(): string {
  return `kt${process.pid.toString(36)}-`;
}

/** Once a process: takes away the namespaces, and what runs in them, of test processes that are gone. */
function sweep(): Promise<void> {
  swept ??= sweepNow();
  return swept;
}

async function sweepNow(): Promise<void> {
  const isGone = (pid: number): boolean => !existsSync(`/proc/${pid}`);
  const names = (await run(["ip", "netns", "list"])).split("\n").map((line) => line.split(" ")[0] ?? "");
  for (const name of names) {
    const owner = /^kt([0-9a-z]+)-/.exec(name)?.[1];
    if (owner === undefined || !isGone(parseInt(owner, 36))) continue;
    const pids = (await run(["ip", "netns", "pids", name])).split("\n").filter(Boolean);
    pids.forEach((pid) => process.kill(Number(pid), "SIGKILL"));
    await run(["ip", "netns", "delete", name]);
  }
  for (const folder of readdirSync(tmpdir())) {
    const owner = /^kedge-lab-(\d+)-/.exec(folder)?.[1];
    if (owner !== undefined && isGone(Number(owner))) removeStateDir(join(tmpdir(), folder));
  }
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.on("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

/** One node's network, driven in a namespace of the lab. */
export class LabNode {
  readonly config: NetworkConfig;
  readonly #lab: Lab;
  readonly #namespace: string;
  #driver: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;

  constructor(lab: Lab, namespace: string, config: NetworkConfig) {
    this.#lab = lab;
    this.#namespace = namespace;
    this.config = config;
  }

  async start(): Promise<void> {
    this.#driver = this.#lab.spawn(this.#namespace, [process.execPath, driverScript]);
    const { stdout } = this.#driver;
    if (!stdout) throw new Error("no standard output");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    await this.#do({ do: "start", config: this.config });
  }

  apply(state: DriverState): Promise<void> {
    return this.#do({ do: "apply", state });
  }

  async stop(): Promise<void> {
    await this.#do({ do: "stop" });
    await this.#endDriver();
  }

  async remove(): Promise<void> {
    await this.#do({ do: "remove" });
    await this.#endDriver();
  }

  /** As if the agent was killed. */
  async kill(): Promise<void> {
    await this.#endDriver();
  }

  /** A pod on this node's bridge, with a server; gives its namespace. */
  async pod(name: string, ip: string): Promise<string> {
    const namespace = await this.#lab.namespace(name);
    const link = `v${namespace}`;
    const prefix = this.config.podCidr.split("/")[1];
    await this.#lab.connect({ namespace: this.#namespace, link }, { namespace, link: "eth0", address: `${ip}/${prefix}` });
    await run(["ip", "-n", this.#namespace, "link", "set", link, "master", namesOf(this.config.stateDir).bridge]);
    // As our CNI configuration asks of the bridge plugin.
    await run(["ip", "-n", this.#namespace, "link", "set", "dev", link, "type", "bridge_slave", "hairpin", "on"]);
    await run(["ip", "-n", namespace, "route", "add", "default", "via", this.config.podCidr.replace(/\d+\/\d+$/, "1")]);
    await this.#lab.serve(namespace, name);
    return namespace;
  }

  async #do(command: DriverCommand): Promise<void> {
    this.#driver?.stdin?.write(`${JSON.stringify(command)}\n`);
    const answer = await this.#lines?.next();
    if (answer?.value !== "ok") throw new Error(`${command.do}: ${String(answer?.value)}`);
  }

  async #endDriver(): Promise<void> {
    if (this.#driver) await end(this.#driver);
    this.#driver = undefined;
  }
}
