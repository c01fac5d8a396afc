/** Our own containerd: started so that it outlives the agent, found again by pid, start time and socket. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import type { Containerd, HostNames } from "./host.ts";
import { enterCgroup } from "./cgroups.ts";
import { findTool, pathWithSbin } from "./packages.ts";
import { readOwner, writeOwner } from "./owner.ts";
import { isAlive, recordOf, signal, type ProcessRecord } from "./process-record.ts";
import { until } from "./wait.ts";

/**
 * A small heap: containerd keeps little, and Go would otherwise let garbage grow to the size of what lives. The limit
 * is soft (the collector works harder near it), so a burst of pods does not fail.
 */
const memoryEnv = { GOGC: "40", GOMEMLIMIT: "40MiB" };

const maxLogBytes = 10 * 1024 * 1024;

/**
 * The running containerd of this state directory, or a new one. One that runs with an older configuration is
 * restarted: pods are children of their shims and go on.
 */
export async function ensureContainerd(names: HostNames, config: string): Promise<Containerd> {
  const isSameConfig = existsSync(names.containerdConfig) && readFileSync(names.containerdConfig, "utf8") === config;
  const running = readOwner(names.runtimeDir)?.containerd;
  if (running && isAlive(running)) {
    if (isSameConfig && (await isServing(names.containerdSocket, 5_000))) return adopt(names, running);
    await stopContainerd(running);
  }
  return adopt(names, await start(names, config));
}

function adopt(names: HostNames, containerd: ProcessRecord): Containerd {
  const agent = recordOf(process.pid);
  if (!agent) throw new Error("cannot read /proc: is it mounted?");
  writeOwner(names.runtimeDir, { stateDir: names.stateDir, containerd, agent });
  return { socket: names.containerdSocket, pid: containerd.pid };
}

async function start(names: HostNames, config: string): Promise<ProcessRecord> {
  const binary = findTool("containerd");
  if (!binary) throw new Error("containerd not found; install it with: sudo apt-get install containerd");
  for (const folder of [names.containerdRoot, names.runtimeDir, names.cniConfDir, names.certsDir]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  writeFileSync(names.containerdConfig, config, { mode: 0o600 });
  rmSync(names.containerdSocket, { force: true });
  const logPath = logOf(names);
  const record = spawnDetached(binary, ["--config", names.containerdConfig], logPath);
  if (record !== undefined && (await comesUp(names, record))) return record;
  throw new Error(`containerd did not start; the end of ${logPath}:\n${tailOf(logPath)}`);
}

async function comesUp(names: HostNames, record: ProcessRecord): Promise<boolean> {
  enterCgroup(`${names.cgroupParent}/containerd`, record.pid);
  // Recorded before it serves: a run that is killed meanwhile must not lose it.
  adopt(names, record);
  const isUp = await until(async () => !isAlive(record) || (await isServing(names.containerdSocket, 1_000)), {
    timeoutMs: 30_000,
    intervalMs: 10,
  });
  if (isUp && isAlive(record)) return true;
  signal(record, "SIGKILL");
  return false;
}

/** Undefined: it has ended already, as it may on a busy host before anybody looks. */
function spawnDetached(binary: string, args: string[], logPath: string): ProcessRecord | undefined {
  if (existsSync(logPath) && statSync(logPath).size > maxLogBytes) renameSync(logPath, `${logPath}.1`);
  const log = openSync(logPath, "a", 0o600);
  const env = { ...process.env, ...memoryEnv, PATH: pathWithSbin() };
  const child = spawn(binary, args, { detached: true, stdio: ["ignore", log, log], env, cwd: "/" });
  closeSync(log);
  child.on("error", () => undefined);
  child.unref();
  if (child.pid === undefined) throw new Error(`${binary} could not be started`);
  return recordOf(child.pid);
}

/** Where containerd's own log is. */
export function logOf(names: HostNames): string {
  return join(names.stateDir, "containerd.log");
}

function tailOf(path: string): string {
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-5).join("\n");
}

/** Asks containerd to end; pods keep running. */
export async function stopContainerd(record: ProcessRecord): Promise<void> {
  signal(record, "SIGTERM");
  if (await until(() => !isAlive(record), { timeoutMs: 10_000 })) return;
  signal(record, "SIGKILL");
  await until(() => !isAlive(record), { timeoutMs: 5_000 });
}

/**
 * True once CRI answers. The socket answers earlier than CRI has recovered its pods, so a CRI call is made; its empty
 * request needs no message types.
 */
export async function isServing(socket: string, timeoutMs: number): Promise<boolean> {
  if (!existsSync(socket)) return false;
  const client = new Client(`unix://${socket}`, credentials.createInsecure());
  const pass = (bytes: Buffer): Buffer => bytes;
  const path = "/runtime.v1.RuntimeService/ListPodSandbox";
  try {
    return await new Promise<boolean>((resolve) => {
      const deadline = Date.now() + timeoutMs;
      client.makeUnaryRequest(path, pass, pass, Buffer.alloc(0), { deadline }, (error) => resolve(error === null));
    });
  } finally {
    client.close();
  }
}
