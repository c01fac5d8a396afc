/** What lies on the host for one pod's containers: its volumes, its /etc/hosts, and its sandbox's configuration. */
import { mkdir, writeFile } from "node:fs/promises";
import type { SandboxConfig } from "../runtime/runtime.ts";
import type { PodDependencies } from "./dependencies.ts";
import { hostsFile, parseResolvConf, podNames, podResolver } from "./network-files.ts";
import type { StoredPod } from "./observed.ts";
import { hostsFilePath, podLogDirectory } from "./paths.ts";
import { sandboxConfig } from "./sandbox-config.ts";
import { VolumeError } from "./volumes/projection.ts";
import type { MountedVolumes } from "./volumes/volumes.ts";

type FileDependencies = Pick<PodDependencies, "volumes" | "objects" | "node" | "events" | "paths" | "hostFile" | "clock">;

/** Pods that an earlier agent started have tokens of which this one knows nothing: renewed soon, and not all at once. */
const adoptedRenewalMs = 60_000;

export class PodFiles {
  readonly #dependencies: FileDependencies;
  #volumes: MountedVolumes | undefined;
  #isStale = false;
  readonly #adoptedRenewalMs: number;

  constructor(dependencies: FileDependencies) {
    this.#dependencies = dependencies;
    this.#adoptedRenewalMs = dependencies.clock.now() + Math.random() * adoptedRenewalMs;
  }

  /** Empty before they were set up. */
  get volumes(): MountedVolumes {
    return this.#volumes ?? new Map<string, string>();
  }

  /** What the volumes show has changed: `refresh` is to write it anew. */
  outdate(): void {
    this.#isStale = true;
  }

  async refresh(pod: StoredPod, podIps: readonly string[]): Promise<void> {
    const isDue = (this.renewalMs(pod) ?? Infinity) <= this.#dependencies.clock.now();
    if (!isDue && (!this.#isStale || this.#volumes === undefined)) return;
    // Of a pod that has no sandbox yet, they are set up with it.
    if (isDue && this.#volumes === undefined && podIps.length === 0) return;
    this.#isStale = false;
    const { volumes, objects, node } = this.#dependencies;
    const input = { objects, context: { ...node, podIps } };
    if (this.#volumes !== undefined) await volumes.refresh(pod, input);
    else await this.setUpVolumes(pod, podIps);
  }

  /** When a token among the files is to be renewed; undefined: there is none. */
  renewalMs(pod: StoredPod): number | undefined {
    if (!hasToken(pod)) return undefined;
    return this.#dependencies.volumes.renewalMs(pod.metadata.uid) ?? this.#adoptedRenewalMs;
  }

  /** Gives what keeps the volumes from being set up, as an event says it, too. */
  async setUpVolumes(pod: StoredPod, podIps: readonly string[]): Promise<VolumeError | undefined> {
    const { volumes, objects, node, events } = this.#dependencies;
    try {
      this.#volumes = await volumes.setUp(pod, { objects, context: { ...node, podIps } });
      return undefined;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      events.forPod(pod, { type: "Warning", reason: "FailedMount", message: error.message });
      return error;
    }
  }

  /** Volumes (again, after a restart of the agent) and /etc/hosts, before the first container. */
  async prepare(pod: StoredPod, podIps: readonly string[]): Promise<VolumeError | undefined> {
    const error = this.#volumes === undefined ? await this.setUpVolumes(pod, podIps) : undefined;
    if (error !== undefined) return error;
    const { paths, node, hostFile } = this.#dependencies;
    const { uid } = pod.metadata;
    const names = podNames(pod, node.dns.domain);
    await mkdir(`${paths.podsDir}/${uid}`, { recursive: true, mode: 0o750 });
    await writeFile(hostsFilePath(paths, uid), hostsFile(pod, { names, ips: podIps, hostFile: await hostFile("/etc/hosts") }), { mode: 0o644 });
    return undefined;
  }

  async sandboxConfig(pod: StoredPod, attempt: number): Promise<SandboxConfig> {
    const { node, paths, hostFile } = this.#dependencies;
    const host = parseResolvConf(await hostFile("/etc/resolv.conf"));
    return sandboxConfig(pod, {
      attempt,
      names: podNames(pod, node.dns.domain),
      dns: podResolver(pod, { dns: node.dns, host }),
      logDirectory: podLogDirectory(paths, pod),
      cgroupRoot: node.cgroupRoot,
    });
  }
}

function hasToken({ spec }: StoredPod): boolean {
  const sources = (spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  return sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined);
}
