/** What a cluster can leave on a machine, as lists that can be compared. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { namesOf } from "../../../agent/host/names.ts";

export interface MachineState {
  processes: string[];
  networkNamespaces: string[];
  mounts: string[];
  nftTables: string[];
  interfaces: string[];
  cgroups: string[];
}

export function machineState(): MachineState {
  return {
    processes: processes(),
    networkNamespaces: list("/run/netns"),
    mounts: lines(readFileSync("/proc/self/mounts", "utf8")).map((line) => line.split(" ")[1] ?? "").sort(),
    nftTables: lines(execFileSync("nft", ["list", "tables"], { encoding: "utf8" })).sort(),
    interfaces: list("/sys/class/net"),
    cgroups: cgroups("/sys/fs/cgroup"),
  };
}

/** What stands in one state and not in the other, as sentences; empty when they are equal. */
export function differences(before: MachineState, after: MachineState): string[] {
  const kinds = Object.keys(before) as (keyof MachineState)[];
  return kinds.flatMap((kind) => [
    ...after[kind].filter((one) => !before[kind].includes(one)).map((one) => `${kind}: ${one} is new`),
    ...before[kind].filter((one) => !after[kind].includes(one)).map((one) => `${kind}: ${one} is gone`),
  ]);
}

/** The part of a machine's state that is one cluster's, by the names that its state directory gives. */
export function belongings(stateDir: string, networkNamespaces: string[]): string[] {
  const { name, bridge, serviceInterface } = namesOf(stateDir);
  const isOurs = (text: string) => text.includes(stateDir) || text.includes(name);
  const state = machineState();
  const named = [...state.processes, ...state.mounts, ...state.cgroups, ...state.nftTables].filter(isOurs);
  const interfaces = state.interfaces.filter((one) => one === bridge || one === serviceInterface);
  return [...named, ...interfaces, ...state.networkNamespaces.filter((one) => networkNamespaces.includes(one))];
}

/** Network namespaces of the processes in a cluster's cgroups: the only thing that bears no name of ours. */
export function networkNamespacesOf(stateDir: string): string[] {
  const { name } = namesOf(stateDir);
  const inodes = new Set<number>();
  for (const pid of list("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      if (!readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(name)) continue;
      inodes.add(Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[0]));
    } catch {
      // It ended meanwhile.
    }
  }
  return list("/run/netns").filter((one) => inodes.has(statSync(join("/run/netns", one)).ino));
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Those that a cluster consists of: control plane, agent, containerd, shims, containers' pauses. */
const ours = /kedge|containerd|workerd/;

function processes(): string[] {
  const found: string[] = [];
  for (const pid of list("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
      // This very run works in the repository, whose path may hold the word.
      if (ours.test(command) && !/vitest|bootstrap\.mjs|ci\.ts|oxlint|tsc /.test(command)) found.push(`${pid} ${command}`);
    } catch {
      // It ended meanwhile.
    }
  }
  return found.sort();
}

/** Names of cgroups, in the unified hierarchy and in each of the old ones. */
function cgroups(folder: string, depth = 0): string[] {
  if (depth > 5) return [];
  return childFolders(folder).flatMap((name) => {
    const path = join(folder, name);
    return [path, ...cgroups(path, depth + 1)];
  });
}

function childFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}
