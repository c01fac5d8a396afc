/** The Runtime over CRI v1: one connection to containerd's socket, a deadline on every call. */
import {
  runtimeLabels,
  RuntimeError,
  type Container,
  type ContainerConfig,
  type ContainerStatus,
  type ImageCredentials,
  type Runtime,
  type RuntimeEvent,
  type RuntimeImage,
  type Sandbox,
  type SandboxConfig,
  type SandboxStatus,
} from "../runtime.ts";
import { Channel } from "./channel.ts";
import {
  fromContainer,
  fromContainerStatus,
  fromImage,
  fromSandbox,
  fromSandboxStatus,
  toContainerConfig,
  toLinuxResources,
  toPodSandboxConfig,
} from "./convert.ts";
import { watchEvents } from "./events.ts";
import * as messages from "./messages.ts";

const runtimeService = "/runtime.v1.RuntimeService";
const imageService = "/runtime.v1.ImageService";
const seconds = 1000;
const timeouts = {
  call: 30 * seconds,
  /** CNI plugins may be slow on a loaded host. */
  sandbox: 240 * seconds,
  create: 120 * seconds,
  /** Beyond the grace period. */
  stop: 120 * seconds,
  pull: 900 * seconds,
};

const methods = {
  version: { path: `${runtimeService}/Version`, request: messages.versionRequest, response: messages.versionResponse },
  runSandbox: { path: `${runtimeService}/RunPodSandbox`, request: messages.runPodSandboxRequest, response: messages.podSandboxIdMessage },
  stopSandbox: { path: `${runtimeService}/StopPodSandbox`, request: messages.podSandboxIdMessage, response: messages.empty },
  removeSandbox: { path: `${runtimeService}/RemovePodSandbox`, request: messages.podSandboxIdMessage, response: messages.empty },
  sandboxStatus: { path: `${runtimeService}/PodSandboxStatus`, request: messages.podSandboxIdMessage, response: messages.podSandboxStatusResponse },
  listSandboxes: { path: `${runtimeService}/ListPodSandbox`, request: messages.listPodSandboxRequest, response: messages.listPodSandboxResponse },
  createContainer: { path: `${runtimeService}/CreateContainer`, request: messages.createContainerRequest, response: messages.containerIdMessage },
  startContainer: { path: `${runtimeService}/StartContainer`, request: messages.containerIdMessage, response: messages.empty },
  stopContainer: { path: `${runtimeService}/StopContainer`, request: messages.stopContainerRequest, response: messages.empty },
  removeContainer: { path: `${runtimeService}/RemoveContainer`, request: messages.containerIdMessage, response: messages.empty },
  containerStatus: { path: `${runtimeService}/ContainerStatus`, request: messages.containerIdMessage, response: messages.containerStatusResponse },
  listContainers: { path: `${runtimeService}/ListContainers`, request: messages.listContainersRequest, response: messages.listContainersResponse },
  updateResources: { path: `${runtimeService}/UpdateContainerResources`, request: messages.updateContainerResourcesRequest, response: messages.empty },
  reopenLog: { path: `${runtimeService}/ReopenContainerLog`, request: messages.containerIdMessage, response: messages.empty },
  execSync: { path: `${runtimeService}/ExecSync`, request: messages.execSyncRequest, response: messages.execSyncResponse },
  exec: { path: `${runtimeService}/Exec`, request: messages.execRequest, response: messages.urlResponse },
  attach: { path: `${runtimeService}/Attach`, request: messages.attachRequest, response: messages.urlResponse },
  portForward: { path: `${runtimeService}/PortForward`, request: messages.portForwardRequest, response: messages.urlResponse },
  containerStats: { path: `${runtimeService}/ListContainerStats`, request: messages.empty, response: messages.listContainerStatsResponse },
  imageStatus: { path: `${imageService}/ImageStatus`, request: messages.imageRequest, response: messages.imageStatusResponse },
  pullImage: { path: `${imageService}/PullImage`, request: messages.pullImageRequest, response: messages.pullImageResponse },
  listImages: { path: `${imageService}/ListImages`, request: messages.empty, response: messages.listImagesResponse },
  removeImage: { path: `${imageService}/RemoveImage`, request: messages.imageRequest, response: messages.empty },
} as const;

interface StreamOptions {
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

export class CriRuntime implements Runtime {
  readonly #channel: Channel;

  /** @param socket path of containerd's socket */
  constructor(socket: string) {
    this.#channel = new Channel(socket);
  }

  async version(): Promise<{ name: string; version: string; apiVersion: string }> {
    const answer = await this.#channel.call(methods.version, { version: "v1" }, timeouts.call);
    return { name: answer.runtimeName, version: answer.runtimeVersion, apiVersion: answer.runtimeApiVersion };
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    const answer = await this.#channel.call(methods.runSandbox, { config: toPodSandboxConfig(config) }, timeouts.sandbox);
    return answer.podSandboxId;
  }

  async stopSandbox(id: string): Promise<void> {
    await unlessGone(this.#channel.call(methods.stopSandbox, { podSandboxId: id }, timeouts.sandbox));
  }

  async removeSandbox(id: string): Promise<void> {
    await unlessGone(this.#channel.call(methods.removeSandbox, { podSandboxId: id }, timeouts.sandbox));
  }

  async sandboxStatus(id: string): Promise<SandboxStatus | undefined> {
    const answer = await unlessGone(this.#channel.call(methods.sandboxStatus, { podSandboxId: id }, timeouts.call));
    return answer?.status && fromSandboxStatus(answer.status);
  }

  async listSandboxes(podUid?: string): Promise<Sandbox[]> {
    const { items } = await this.#channel.call(methods.listSandboxes, { filter: ofPod(podUid) }, timeouts.call);
    return items.map(fromSandbox);
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const request = {
      podSandboxId: sandboxId,
      config: toContainerConfig(config, sandbox),
      sandboxConfig: toPodSandboxConfig(sandbox),
    };
    return (await this.#channel.call(methods.createContainer, request, timeouts.create)).containerId;
  }

  async startContainer(id: string): Promise<void> {
    await this.#channel.call(methods.startContainer, { containerId: id }, timeouts.create);
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const timeoutMs = graceSeconds * seconds + timeouts.stop;
    await unlessGone(this.#channel.call(methods.stopContainer, { containerId: id, timeout: graceSeconds }, timeoutMs));
  }

  async removeContainer(id: string): Promise<void> {
    await unlessGone(this.#channel.call(methods.removeContainer, { containerId: id }, timeouts.call));
  }

  async containerStatus(id: string): Promise<ContainerStatus | undefined> {
    const answer = await unlessGone(this.#channel.call(methods.containerStatus, { containerId: id }, timeouts.call));
    return answer?.status && fromContainerStatus(answer.status);
  }

  async listContainers(podUid?: string): Promise<Container[]> {
    const { containers } = await this.#channel.call(methods.listContainers, { filter: ofPod(podUid) }, timeouts.call);
    return containers.map(fromContainer);
  }

  async updateContainerResources(id: string, resources: ContainerConfig["resources"]): Promise<void> {
    const request = { containerId: id, linux: toLinuxResources(resources) };
    await this.#channel.call(methods.updateResources, request, timeouts.call);
  }

  async reopenContainerLog(id: string): Promise<void> {
    await this.#channel.call(methods.reopenLog, { containerId: id }, timeouts.call);
  }

  async execSync(id: string, command: string[], timeoutSeconds: number) {
    const request = { containerId: id, cmd: command, timeout: timeoutSeconds };
    // The runtime itself ends the command at its timeout; ours is for a runtime that hangs.
    return await this.#channel.call(methods.execSync, request, (timeoutSeconds + 30) * seconds);
  }

  async exec(id: string, command: string[], options: StreamOptions): Promise<string> {
    return (await this.#channel.call(methods.exec, { containerId: id, cmd: command, ...options }, timeouts.call)).url;
  }

  async attach(id: string, options: StreamOptions): Promise<string> {
    return (await this.#channel.call(methods.attach, { containerId: id, ...options }, timeouts.call)).url;
  }

  async portForward(sandboxId: string, ports: number[]): Promise<string> {
    return (await this.#channel.call(methods.portForward, { podSandboxId: sandboxId, port: ports }, timeouts.call)).url;
  }

  async imageStatus(image: string): Promise<RuntimeImage | undefined> {
    const answer = await this.#channel.call(methods.imageStatus, { image: { image } }, timeouts.call);
    return answer.image && fromImage(answer.image);
  }

  async pullImage(image: string, credentials: ImageCredentials | undefined): Promise<string> {
    return (await this.#channel.call(methods.pullImage, { image: { image }, auth: credentials }, timeouts.pull)).imageRef;
  }

  async listImages(): Promise<RuntimeImage[]> {
    return (await this.#channel.call(methods.listImages, {}, timeouts.call)).images.map(fromImage);
  }

  async removeImage(image: string): Promise<void> {
    await unlessGone(this.#channel.call(methods.removeImage, { image: { image } }, timeouts.create));
  }

  async containerStats() {
    const { stats } = await this.#channel.call(methods.containerStats, {}, timeouts.call);
    return stats.map(({ attributes, cpu, memory }) => ({
      id: attributes?.id ?? "",
      cpuNanoSeconds: cpu?.usageCoreNanoSeconds?.value ?? 0,
      memoryWorkingSetBytes: memory?.workingSetBytes?.value ?? 0,
    }));
  }

  watchEvents(listener: (event: RuntimeEvent) => void, signal: AbortSignal): void {
    watchEvents(this.#channel, listener, signal);
  }

  /** Ends the connection; calls under way fail as cancelled. */
  close(): void {
    this.#channel.close();
  }
}

function ofPod(podUid: string | undefined) {
  return podUid === undefined ? undefined : { labelSelector: { [runtimeLabels.podUid]: podUid } };
}

/** Stopping or looking up what is not there is no failure. */
async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "not_found") return undefined;
    throw error;
  }
}
