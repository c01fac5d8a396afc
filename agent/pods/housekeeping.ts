/** What a host piles up: logs that grow, images that nobody uses. */
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Log } from "./dependencies.ts";
import type { AgentPaths } from "./paths.ts";
import { podLogDirectory } from "./paths.ts";
import type { Pods } from "./pods.ts";

/** The kubelet's defaults. */
const logLimits = { bytes: 10 * 1024 ** 2, files: 5 };
const logCheckMs = 10_000;
const sandboxImage = /(^|\/)pause:/;

interface HousekeepingOptions {
  runtime: Runtime;
  clock: Clock;
  log: Log;
  paths: AgentPaths;
  pods: Pods;
}

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#plan();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** Removes images that no container uses. */
  async freeDisk(): Promise<void> {
    const { runtime, log } = this.#options;
    try {
      const used = new Set((await runtime.listContainers()).flatMap(({ image, imageRef }) => [image, imageRef]));
      for (const image of await runtime.listImages()) {
        const names = [image.id, ...image.repoTags, ...image.repoDigests];
        if (names.some((name) => used.has(name) || sandboxImage.test(name))) continue;
        log.info({ image: image.repoTags[0] ?? image.id }, "removing an unused image: the disk is nearly full");
        await runtime.removeImage(image.id);
      }
    } catch (error) {
      log.warn({ err: error }, "freeing disk space failed");
    }
  }

  #plan(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.after(logCheckMs, () => void this.#rotateAll().finally(() => this.#plan()));
  }

  async #rotateAll(): Promise<void> {
    const { pods, paths, log } = this.#options;
    for (const pod of pods.all) {
      for (const status of pod.status?.containerStatuses ?? []) {
        if (status.state?.running === undefined || status.containerID === undefined) continue;
        const path = join(podLogDirectory(paths, pod), status.name, `${status.restartCount}.log`);
        const id = status.containerID.replace(/^.*:\/\//, "");
        await this.#rotate(path, id).catch((error: unknown) => log.warn({ err: error, path }, "rotating a log failed"));
      }
    }
  }

  /** The container goes on writing to the old file until the runtime has opened the new one: nothing is lost. */
  async #rotate(path: string, containerId: string): Promise<void> {
    const size = (await stat(path).catch(() => undefined))?.size ?? 0;
    if (size < logLimits.bytes) return;
    await rename(path, `${path}.${new Date().toISOString().replace(/[-:T]|\..*/g, "")}`);
    await this.#options.runtime.reopenContainerLog(containerId);
    const folder = join(path, "..");
    const prefix = `${path.slice(folder.length + 1)}.`;
    const old = (await readdir(folder)).filter((name) => name.startsWith(prefix)).toSorted();
    for (const name of old.slice(0, Math.max(0, old.length - (logLimits.files - 1)))) await rm(join(folder, name), { force: true });
  }
}
