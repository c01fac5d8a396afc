/** The host of one state directory, as the agent's main loop uses it. */
import { mkdirSync, statfsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { containerdConfig } from "./containerd-config.ts";
import { ensureContainerd } from "./containerd.ts";
import type { Host, HostNames } from "./host.ts";
import { imageArchive } from "./image-archive.ts";
import { hasImage, loadImage } from "./load-image.ts";
import { namesOf } from "./names.ts";
import { ensurePackages, findCniDir } from "./packages.ts";
import { readOwner } from "./owner.ts";
import { isAlive } from "./process-record.ts";
import { removeHost } from "./remove.ts";
import { sandboxImageFor } from "./sandbox-image.ts";

/** How soon it is noticed that containerd ended: one look into /proc each time. */
const watchMs = 2_000;

export function createHost(stateDir: string): Host {
  const names = namesOf(stateDir);
  const host: Host = {
    names,
    ensurePackages: (options) => ensurePackages(options),
    async ensureContainerd() {
      mkdirSync(names.stateDir, { recursive: true, mode: 0o700 });
      const image = sandboxImageFor();
      const containerd = await ensureContainerd(names, configOf(names, image.name));
      if (!(await hasImage(containerd.socket, image.name))) {
        await loadImage(containerd.socket, await imageArchive(image));
      }
      return containerd;
    },
    keepContainerd: (signal, report) => void keep(host, signal, report),
    remove: () => removeHost(names),
  };
  return host;
}

async function keep(host: Host, signal: AbortSignal, report: (line: string) => void): Promise<void> {
  for (let failures = 0; ; ) {
    // Back-off with jitter: a containerd that cannot start (a full disk) must not be tried all the time.
    const waitMs = watchMs * 2 ** Math.min(failures, 5) * (1 + Math.random() / 4);
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const record = readOwner(host.names.runtimeDir)?.containerd;
    if (record && isAlive(record)) continue;
    report("containerd ended; starting it again");
    failures = await host.ensureContainerd().then(
      () => 0,
      (error: Error) => (report(error.message), failures + 1),
    );
  }
}

function configOf(names: HostNames, sandboxImage: string): string {
  const cniBinDir = findCniDir();
  if (!cniBinDir) throw new Error("CNI plugins not found; install: sudo apt-get install containernetworking-plugins");
  return containerdConfig({ names, cniBinDir, sandboxImage, snapshotter: snapshotterFor(names.stateDir) });
}

/**
 * Overlays do not stack on an overlay, which a container's root file system is, and their mount options cannot carry
 * every path: there each container gets a copy of its image's files, which is slower and always works.
 */
function snapshotterFor(folder: string): "overlayfs" | "native" {
  const overlayType = 0x794c7630;
  const isPlainPath = !/[,:\\"]/.test(folder);
  return isPlainPath && statfsSync(folder).type !== overlayType ? "overlayfs" : "native";
}
