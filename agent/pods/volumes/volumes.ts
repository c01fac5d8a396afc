/** Sets up and takes down a pod's volumes on the host. Idempotent: called again it repairs and updates. */
import type { HostPathVolumeSource, Volume } from "../../../protocol/kubernetes/generated/types.ts";
import { chmod, chown, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unitsOf } from "../../../protocol/quantity.ts";
import type { StoredPod } from "../observed.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { isTmpfs, mountSubPath, mountTmpfs, unmountBelow } from "./mounts.ts";
import type { PodTokens } from "./pod-tokens.ts";
import { isSecret, projectedFiles, VolumeError, type ProjectionInput } from "./projection.ts";

export interface VolumePaths {
  /** `<state>/pods`: a folder for each pod, by uid. */
  podsDir: string;
  /** A folder in memory for what must not reach a disk, by pod uid. */
  memoryDir: string;
}

/** What a container mounts: a host path for each volume of the pod. */
export type MountedVolumes = ReadonlyMap<string, string>;

export class Volumes {
  readonly #paths: VolumePaths;
  readonly #tokens: PodTokens;
  #isMemoryReady = false;

  constructor(paths: VolumePaths, tokens: PodTokens) {
    this.#paths = paths;
    this.#tokens = tokens;
  }

  podDir(uid: string): string {
    return join(this.#paths.podsDir, uid);
  }

  /** @throws VolumeError with the kubelet's words for a volume that cannot be set up. */
  async setUp(pod: StoredPod, input: Omit<ProjectionInput, "pod">): Promise<MountedVolumes> {
    const mounted = new Map<string, string>();
    for (const volume of pod.spec?.volumes ?? []) mounted.set(volume.name, await this.#setUpOne(pod, volume, input));
    return mounted;
  }

  /** Rewrites projected files whose objects changed; leaves a volume alone that cannot be made now. */
  async refresh(pod: StoredPod, input: Omit<ProjectionInput, "pod">): Promise<void> {
    for (const volume of pod.spec?.volumes ?? []) {
      const isProjected = volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected;
      if (isProjected === undefined) continue;
      try {
        await this.#setUpOne(pod, volume, input);
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
      }
    }
  }

  /** When a token of the pod is to be renewed by a `refresh`; undefined: it has none yet. */
  renewalMs(uid: string): number | undefined {
    return this.#tokens.renewalMs(uid);
  }

  /** The host path of a mount with a sub-path. */
  async subPath(pod: StoredPod, { volume, subPath, container, index }: { volume: string; subPath: string; container: string; index: number }): Promise<string> {
    const target = join(this.podDir(pod.metadata.uid), "volume-subpaths", container, String(index));
    try {
      await mountSubPath({ volume, subPath, target });
    } catch (error) {
      if (error instanceof VolumeError) throw error;
      throw new VolumeError(`failed to prepare subPath for volumeMount: ${error instanceof Error ? error.message : String(error)}`);
    }
    return target;
  }

  /** Everything that the pod had on the host. */
  async tearDown(uid: string): Promise<void> {
    this.#tokens.forget(uid);
    for (const folder of [this.podDir(uid), join(this.#paths.memoryDir, uid)]) {
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #setUpOne(pod: StoredPod, volume: Volume, input: Omit<ProjectionInput, "pod">): Promise<string> {
    try {
      return await this.#make(pod, volume, input);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${words}`);
    }
  }

  async #make(pod: StoredPod, volume: Volume, input: Omit<ProjectionInput, "pod">): Promise<string> {
    if (volume.hostPath !== undefined) return await hostPath(volume.hostPath);
    const group = pod.spec?.securityContext?.fsGroup;
    const { uid } = pod.metadata;
    const folder = join(this.podDir(uid), "volumes", volume.name);
    if (volume.emptyDir !== undefined) return await emptyDir(folder, volume.emptyDir, group);
    const files = projectedFiles(volume, { ...input, pod, tokens: await this.#tokensOf(pod, volume) });
    if (files === undefined) throw new VolumeError(`volumes of kind ${kindOf(volume)} are not supported`);
    const target = isSecret(volume) ? join(await this.#memory(), uid, volume.name) : folder;
    await mkdir(target, { recursive: true, mode: 0o755 });
    await writeAtomically(target, files, { group });
    return target;
  }

  async #tokensOf(pod: StoredPod, { projected }: Volume): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const { serviceAccountToken } of projected?.sources ?? []) {
      if (serviceAccountToken === undefined) continue;
      const token = await this.#tokens.token(pod, serviceAccountToken);
      if (token !== undefined) found.set(serviceAccountToken.path, token);
    }
    return found;
  }

  /** A folder in memory: /run usually is, else it becomes one. */
  async #memory(): Promise<string> {
    const { memoryDir } = this.#paths;
    if (this.#isMemoryReady) return memoryDir;
    await mkdir(memoryDir, { recursive: true, mode: 0o700 });
    if (!(await isTmpfs(memoryDir))) await mountTmpfs(memoryDir, { mode: "0700" });
    this.#isMemoryReady = true;
    return memoryDir;
  }
}

async function emptyDir(folder: string, source: NonNullable<Volume["emptyDir"]>, group: number | undefined): Promise<string> {
  await mkdir(folder, { recursive: true });
  if (source.medium === "Memory") {
    const sizeBytes = source.sizeLimit === undefined ? undefined : unitsOf(source.sizeLimit);
    await mountTmpfs(folder, { mode: "0777", sizeBytes });
  }
  if (group !== undefined) await chown(folder, -1, group);
  // After the making: the umask took bits away.
  await chmod(folder, group === undefined ? 0o777 : 0o2777);
  return folder;
}

async function hostPath({ path, type = "" }: HostPathVolumeSource): Promise<string> {
  if (type === "DirectoryOrCreate") await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === "FileOrCreate") {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "", { flag: "a", mode: 0o644 });
  }
  if (type === "") return path;
  const there = await stat(path).catch(() => undefined);
  const checks: Record<string, [boolean | undefined, string]> = {
    DirectoryOrCreate: [there?.isDirectory(), "directory"],
    Directory: [there?.isDirectory(), "directory"],
    FileOrCreate: [there?.isFile(), "file"],
    File: [there?.isFile(), "file"],
    Socket: [there?.isSocket(), "socket file"],
    CharDevice: [there?.isCharacterDevice(), "character device"],
    BlockDevice: [there?.isBlockDevice(), "block device"],
  };
  const [isRight, word] = checks[type] ?? [false, type];
  if (isRight !== true) throw new VolumeError(`hostPath type check failed: ${path} is not a ${word}`);
  return path;
}

function kindOf(volume: Volume): string {
  return Object.keys(volume).find((key) => key !== "name") ?? "unknown";
}
