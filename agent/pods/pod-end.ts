/** The end of one pod: its containers within their grace period, then everything of it on this host. */
import { rm } from "node:fs/promises";
import type { PodDependencies } from "./dependencies.ts";
import { stopContainers } from "./container-stopper.ts";
import type { ObservedPod, StoredPod } from "./observed.ts";
import { podLogDirectory } from "./paths.ts";

export const defaultGraceSeconds = 30;

export class PodEnd {
  readonly #dependencies: PodDependencies;
  /** Of the stop in progress. */
  #graceSeconds: number | undefined;

  constructor(dependencies: PodDependencies) {
    this.#dependencies = dependencies;
  }

  /** Stops everything that runs; the sandbox stays as a record, so that logs can be read. */
  async stopAll(pod: StoredPod, observed: ObservedPod, { graceSeconds, podIp }: { graceSeconds: number; podIp: string }): Promise<void> {
    await stopContainers(this.#dependencies, observed, { pod, graceSeconds, podIp });
    for (const { id, state } of observed.sandboxes) if (state === "ready") await this.#dependencies.runtime.stopSandbox(id);
  }

  /** As `stopAll`, in the time that the deletion gives; `hurry` shortens it. */
  async leave(pod: StoredPod, observed: ObservedPod, podIp: string): Promise<void> {
    this.#graceSeconds = wantedGrace(pod);
    await this.stopAll(pod, observed, { graceSeconds: this.#graceSeconds, podIp });
  }

  /** A stop in progress gets a grace period that became shorter. */
  hurry(pod: StoredPod): void {
    const graceSeconds = wantedGrace(pod);
    if (this.#graceSeconds === undefined || graceSeconds >= this.#graceSeconds) return;
    this.#graceSeconds = graceSeconds;
    const { runtime, log } = this.#dependencies;
    const stopAgain = async (): Promise<void> => {
      const containers = await runtime.listContainers(pod.metadata.uid);
      await Promise.all(containers.filter(({ state }) => state === "running").map(({ id }) => runtime.stopContainer(id, graceSeconds)));
    };
    stopAgain().catch((error: unknown) => log.warn({ err: error, pod: pod.metadata.name }, "a shorter grace period could not be applied"));
  }

  /** Sandboxes, volumes, cgroup and logs go. */
  async remove(pod: StoredPod, observed: ObservedPod): Promise<void> {
    const { runtime, volumes, cgroups, images, paths } = this.#dependencies;
    for (const { id } of observed.sandboxes) {
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
    }
    await volumes.tearDown(pod.metadata.uid);
    await cgroups.remove(pod);
    await rm(podLogDirectory(paths, pod), { recursive: true, force: true });
    images.forget(pod.metadata.uid);
  }
}

function wantedGrace({ metadata, spec }: StoredPod): number {
  const ofPod = spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds;
  if (metadata.deletionTimestamp !== undefined) return Math.max(metadata.deletionGracePeriodSeconds ?? ofPod, 1);
  // Gone from the API without its grace: forced, so it gets the least.
  return 1;
}
