/**
 * Cgroups of pods, below the agent's own: limits of a whole pod, and the shares of its class. The runtime makes the
 * containers' groups inside. A host where these files cannot be written (a container without its own hierarchy) keeps
 * the containers' limits and loses only these.
 */
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hierarchies } from "../host/cgroups.ts";
import type { Log, PodCgroups } from "./dependencies.ts";
import type { StoredPod } from "./observed.ts";
import { cpuQuota, cpuShares, podLimits, podRequests } from "./resources.ts";
import { podCgroup } from "./sandbox-config.ts";

const periodMicros = 100_000;

export function podCgroups({ root, log }: { root: string; log: Log }): PodCgroups {
  const mounts = hierarchies();
  const unified = mounts.find((path) => !path.startsWith("/sys/fs/cgroup/") || path === "/sys/fs/cgroup");
  const find = (controller: string): string | undefined => mounts.find((path) => path.split("/").at(-1)?.split(",").includes(controller) === true);
  const cpu = find("cpu");
  const memory = find("memory");

  async function write(path: string, file: string, value: string): Promise<void> {
    try {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, file), value);
    } catch (error) {
      log.debug({ path, file, err: error }, "a cgroup file could not be written");
    }
  }

  async function createV1(pod: StoredPod, path: string): Promise<void> {
    const limits = podLimits(pod);
    if (cpu !== undefined) {
      if (path.includes("/besteffort/")) await write(join(cpu, dirname(path)), "cpu.shares", "2");
      await write(join(cpu, path), "cpu.shares", String(cpuShares(podRequests(pod).milliCpu)));
      if (limits.milliCpu > 0) await write(join(cpu, path), "cpu.cfs_quota_us", String(cpuQuota(limits.milliCpu)));
    }
    if (memory !== undefined && limits.memoryBytes > 0) await write(join(memory, path), "memory.limit_in_bytes", String(limits.memoryBytes));
  }

  async function createV2(pod: StoredPod, path: string, mount: string): Promise<void> {
    const parts = path.split("/").filter((part) => part !== "");
    for (let depth = 0; depth < parts.length; depth += 1) {
      await write(join(mount, ...parts.slice(0, depth)), "cgroup.subtree_control", "+cpu +memory +pids");
    }
    const limits = podLimits(pod);
    const shares = cpuShares(podRequests(pod).milliCpu);
    // The kernel's scale of weights against that of shares, as every runtime converts them.
    await write(join(mount, path), "cpu.weight", String(Math.floor(1 + ((shares - 2) * 9999) / 262_142)));
    if (limits.milliCpu > 0) await write(join(mount, path), "cpu.max", `${cpuQuota(limits.milliCpu)} ${periodMicros}`);
    if (limits.memoryBytes > 0) await write(join(mount, path), "memory.max", String(limits.memoryBytes));
  }

  return {
    async create(pod) {
      const path = podCgroup(root, pod);
      if (cpu !== undefined || memory !== undefined) await createV1(pod, path);
      else if (unified !== undefined) await createV2(pod, path, unified);
    },
    async remove(pod) {
      const path = podCgroup(root, pod);
      for (const mount of mounts) await rmdir(join(mount, path)).catch(() => undefined);
    },
  };
}
