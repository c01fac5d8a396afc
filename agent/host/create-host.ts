/** The host of one state directory, as the agent's main loop uses it. */
import { mkdirSync, statfsSync } from "node:fs";
import { containerdConfig } from "./containerd-config.ts";
import { ensureContainerd } from "./containerd.ts";
import type { Host, HostNames } from "./host.ts";
import { imageArchive } from "./image-archive.ts";
import { hasImage, loadImage } from "./load-image.ts";
import { namesOf } from "./names.ts";
import { ensurePackages, findCniDir } from "./packages.ts";
import { removeHost } from "./remove.ts";
import { sandboxImageFor } from "./sandbox-image.ts";

export function createHost(stateDir: string): Host {
  const names = namesOf(stateDir);
  return {
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
    remove: () => removeHost(names),
  };
}

function configOf(names: HostNames, sandboxImage: string): string {
  const cniBinDir = findCniDir();
  if (!cniBinDir) throw new Error("CNI plugins not found; install: sudo apt-get install containernetworking-plugins");
  return containerdConfig({ names, cniBinDir, sandboxImage, snapshotter: snapshotterFor(names.stateDir) });
}

/** Overlays do not stack on an overlay, which a container's root file system is. */
function snapshotterFor(folder: string): "overlayfs" | "native" {
  const overlayType = 0x794c7630;
  return statfsSync(folder).type === overlayType ? "native" : "overlayfs";
}
