/** All names that one state directory has on its host: a hash of its real path keeps clusters apart. */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { HostNames } from "./host.ts";

/** Where the short-lived state of every cluster on this host lives: sockets, pids, mounts; gone after a reboot. */
export const runtimeRoot = "/run";

/** The real path, also of a directory that does not exist yet: links of its existing parents are resolved. */
export function realPathOf(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realPathOf(parent), basename(absolute));
  }
}

/**
 * Names by the real path of the state directory. What must outlive a reboot is below the state directory; containerd's
 * run-time state and socket are in /run, because a socket's path may have 107 characters only and because containerd
 * expects its state to vanish with a reboot.
 */
export function namesOf(stateDir: string): HostNames {
  const realPath = realPathOf(stateDir);
  const id = createHash("sha256").update(realPath).digest("hex").slice(0, 6);
  const name = `kedge-${id}`;
  const runtimeDir = join(runtimeRoot, name);
  return {
    name,
    stateDir: realPath,
    runtimeDir,
    bridge: `kd${id}`,
    serviceInterface: `ks${id}`,
    nftTable: name,
    cgroupParent: `/${name}`,
    containerdRoot: join(realPath, "containerd"),
    containerdState: join(runtimeDir, "containerd"),
    containerdSocket: join(runtimeDir, "containerd.sock"),
    containerdConfig: join(realPath, "containerd.toml"),
    certsDir: join(realPath, "certs.d"),
    cniConfDir: join(realPath, "cni"),
  };
}
