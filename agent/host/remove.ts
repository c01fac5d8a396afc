/** Takes away all that one state directory has on this host: pods, containerd, mounts, cgroups, files. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hasCgroups, processesIn, removeCgroups } from "./cgroups.ts";
import { logOf, stopContainerd } from "./containerd.ts";
import type { HostNames } from "./host.ts";
import { unmountBeneath } from "./mounts.ts";
import { readOwner } from "./owner.ts";
import { until } from "./wait.ts";

/** How long pods may take to end by themselves after SIGTERM. */
const graceMs = 3_000;

/**
 * Works without an agent, without a containerd that answers, and after a crash at any point; doing it twice is fine.
 * containerd goes first, so that nothing new starts; what it left is found by cgroup and by its socket's path.
 */
export async function removeHost(names: HostNames): Promise<void> {
  const containerd = readOwner(names.runtimeDir)?.containerd;
  if (containerd) await stopContainerd(containerd);
  const shared = [...shimSocketsOf(names), ...cniNotesOf(names)];
  await endProcesses(names);
  // Volumes and sub-paths, too: whoever deletes the state directory must not reach through a mount into a host's folder.
  for (const folder of [names.runtimeDir, names.containerdRoot, join(names.stateDir, "agent")]) await unmountBeneath(folder);
  await until(() => (removeCgroups(names.cgroupParent), !hasCgroups(names.cgroupParent)), { timeoutMs: 5_000 });
  for (const path of shared) rmSync(path, { force: true });
  const folders = [names.containerdRoot, names.runtimeDir, names.cniConfDir, names.certsDir];
  for (const path of [...folders, names.containerdConfig, logOf(names), `${logOf(names)}.1`]) {
    rmSync(path, { recursive: true, force: true });
  }
}

async function endProcesses(names: HostNames): Promise<void> {
  const remaining = (): number[] => [...new Set([...processesIn(names.cgroupParent), ...shimsOf(names)])];
  const pods = processesIn(names.cgroupParent).filter((pid) => !isShim(pid));
  pods.forEach((pid) => kill(pid, "SIGTERM"));
  await until(() => pods.every((pid) => !isRunning(pid)), { timeoutMs: graceMs });
  const isEmpty = await until(
    () => {
      remaining().forEach((pid) => kill(pid, "SIGKILL"));
      return remaining().length === 0;
    },
    { timeoutMs: 10_000 },
  );
  if (!isEmpty) throw new Error(`processes of ${names.name} do not end: ${remaining().join(", ")}`);
}

/** Shims whose containerd is ours: its socket is in their arguments. */
function shimsOf(names: HostNames): number[] {
  return allPids().filter((pid) => argumentsOf(pid).includes(names.containerdSocket));
}

function isShim(pid: number): boolean {
  return (argumentsOf(pid)[0] ?? "").includes("containerd-shim");
}

function allPids(): number[] {
  return readdirSync("/proc").map(Number).filter((pid) => pid > 0 && pid !== process.pid);
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  return argumentsOf(pid).length > 1;
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile.
  }
}

/** Ids of the containers that have a shim, sandboxes among them. */
function bundlesOf(names: HostNames): string[] {
  return namesIn(join(names.containerdState, "io.containerd.runtime.v2.task", "k8s.io"));
}

/** Shims listen in a folder that all containerds share; each bundle says where. */
function shimSocketsOf(names: HostNames): string[] {
  return bundlesOf(names).flatMap((id) => {
    const path = join(names.containerdState, "io.containerd.runtime.v2.task", "k8s.io", id, "address");
    return existsSync(path) ? [readFileSync(path, "utf8").trim().replace(/^unix:\/\//, "")] : [];
  });
}

/** What CNI noted of sandboxes (`<network>-<sandbox>-<interface>`), which nobody takes back when they are killed. */
function cniNotesOf(names: HostNames): string[] {
  const folder = "/var/lib/cni/results";
  const ids = new Set(bundlesOf(names));
  const notes = namesIn(folder).filter((note) => ids.has(/-([0-9a-f]{64})-[^-]+$/.exec(note)?.[1] ?? ""));
  return notes.map((note) => join(folder, note));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
