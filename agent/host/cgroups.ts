/**
 * The cgroup tree of one state directory, in every hierarchy that is mounted (v1, v2 or both). containerd and its shims
 * sit in `<parent>/containerd`, pods beside it: so the tree names every process that belongs to the state directory.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Mount points of the hierarchies; v2 first. */
export function hierarchies(mounts: string = readFileSync("/proc/self/mounts", "utf8")): string[] {
  const rows = mounts.split("\n").map((line) => line.split(" "));
  return ["cgroup2", "cgroup"].flatMap((type) => rows.filter((row) => row[2] === type).map((row) => row[1] ?? ""));
}

/**
 * Moves a process out of its starter's cgroup, so that a service manager that stops the starter leaves it alone. Only
 * hierarchies that track processes: in those that limit (memory, cpu) containerd stays where it was.
 */
export function enterCgroup(path: string, pid: number): void {
  for (const hierarchy of hierarchies()) {
    if (!isTracking(hierarchy)) continue;
    try {
      mkdirSync(join(hierarchy, path), { recursive: true });
      writeFileSync(join(hierarchy, path, "cgroup.procs"), String(pid));
    } catch {
      // A read-only cgroup file system (we run in a container): it stays where it is.
    }
  }
}

function isTracking(hierarchy: string): boolean {
  return existsSync(join(hierarchy, "cgroup.controllers")) || hierarchy.endsWith("/systemd");
}

/** All processes in the tree. */
export function processesIn(path: string): number[] {
  const pids = cgroupsOf(path).flatMap((folder) => {
    try {
      return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
  return [...new Set(pids)];
}

/** Removes the tree, as far as it is empty of processes. */
export function removeCgroups(path: string): void {
  for (const folder of cgroupsOf(path)) {
    try {
      rmdirSync(folder);
    } catch {
      // Not empty, or gone already.
    }
  }
}

export function hasCgroups(path: string): boolean {
  return cgroupsOf(path).length > 0;
}

/** Every folder of the tree in every hierarchy, children before parents. */
function cgroupsOf(path: string): string[] {
  return hierarchies()
    .map((hierarchy) => join(hierarchy, path))
    .filter((folder) => existsSync(folder))
    .flatMap(withChildren);
}

function withChildren(folder: string): string[] {
  let entries: string[] = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    // It went away meanwhile.
  }
  return [...entries.flatMap((name) => withChildren(join(folder, name))), folder];
}
