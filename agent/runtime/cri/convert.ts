/** Between our shapes and CRI's messages. */
import type {
  Container,
  ContainerConfig,
  ContainerState,
  ContainerStatus,
  RuntimeImage,
  Sandbox,
  SandboxConfig,
  SandboxStatus,
  SeccompProfile,
} from "../runtime.ts";
import {
  namespaceMode,
  seccompType,
  type containerStatusResponse,
  type createContainerRequest,
  type listContainersResponse,
  type listImagesResponse,
  type listPodSandboxResponse,
  type podSandboxConfig,
  type podSandboxStatusResponse,
} from "./messages.ts";

type Out<M> = M extends { decode(bytes: Uint8Array): infer T } ? T : never;
type In<M> = M extends { encode(value: infer T): Uint8Array } ? T : never;
type CriSandbox = Out<typeof listPodSandboxResponse>["items"][number];
type CriSandboxStatus = NonNullable<Out<typeof podSandboxStatusResponse>["status"]>;
type CriContainer = Out<typeof listContainersResponse>["containers"][number];
type CriContainerStatus = NonNullable<Out<typeof containerStatusResponse>["status"]>;
type CriImage = Out<typeof listImagesResponse>["images"][number];
type CriContainerConfig = NonNullable<In<typeof createContainerRequest>["config"]>;

const protocols = { TCP: 0, UDP: 1, SCTP: 2 } as const;
const propagations = { private: 0, hostToContainer: 1, bidirectional: 2 } as const;
const containerStates: readonly ContainerState[] = ["created", "running", "exited", "unknown"];

/** What a container may not see of /proc and /sys unless it is privileged: Docker's and the kubelet's default list. */
const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export const millis = (nanos: number): number => Math.floor(nanos / 1e6);

export function toPodSandboxConfig(config: SandboxConfig): In<typeof podSandboxConfig> {
  return {
    metadata: { name: config.name, uid: config.uid, namespace: config.namespace, attempt: config.attempt },
    hostname: config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dns,
    portMappings: config.portMappings.map((port) => ({ ...port, protocol: protocols[port.protocol] })),
    labels: config.labels,
    annotations: config.annotations,
    linux: {
      cgroupParent: config.cgroupParent,
      sysctls: config.sysctls,
      securityContext: {
        ...userOf(config.securityContext),
        namespaceOptions: namespaces(config),
        readonlyRootfs: config.securityContext.readonlyRootfs,
        privileged: config.securityContext.privileged,
        seccomp: seccomp(config.securityContext.seccomp),
      },
    },
  };
}

export function toContainerConfig(config: ContainerConfig, sandbox: SandboxConfig): CriContainerConfig {
  const { resources, securityContext } = config;
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image },
    command: config.command,
    args: config.args,
    workingDir: config.workingDir,
    envs: config.env.map(({ name, value }) => ({ key: name, value })),
    mounts: config.mounts.map((mount) => ({ ...mount, propagation: propagations[mount.propagation] })),
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: toLinuxResources(resources),
      securityContext: {
        ...userOf(securityContext),
        capabilities: {
          addCapabilities: securityContext.addCapabilities,
          dropCapabilities: securityContext.dropCapabilities,
        },
        privileged: securityContext.privileged,
        namespaceOptions: namespaces(sandbox),
        readonlyRootfs: securityContext.readonlyRootfs,
        noNewPrivs: securityContext.noNewPrivileges,
        maskedPaths: securityContext.privileged ? [] : maskedPaths,
        readonlyPaths: securityContext.privileged ? [] : readonlyPaths,
        seccomp: seccomp(securityContext.seccomp),
      },
    },
  };
}

export function toLinuxResources(resources: ContainerConfig["resources"]) {
  const { memoryLimitBytes, ...rest } = resources;
  return { ...rest, memoryLimitInBytes: memoryLimitBytes };
}

function userOf(context: { runAsUser?: number; runAsGroup?: number; supplementalGroups: number[] }) {
  return {
    runAsUser: context.runAsUser === undefined ? undefined : { value: context.runAsUser },
    runAsGroup: context.runAsGroup === undefined ? undefined : { value: context.runAsGroup },
    supplementalGroups: context.supplementalGroups,
  };
}

function namespaces(sandbox: SandboxConfig) {
  const node = (isHost: boolean): number => (isHost ? namespaceMode.node : namespaceMode.pod);
  return {
    network: node(sandbox.hostNetwork),
    ipc: node(sandbox.hostIpc),
    pid: sandbox.hostPid ? namespaceMode.node : sandbox.sharePid ? namespaceMode.pod : namespaceMode.container,
  };
}

function seccomp(profile: SeccompProfile | undefined) {
  if (profile === undefined) return undefined;
  return { profileType: seccompType[profile.type], localhostRef: profile.localhostPath };
}

export function fromSandbox(sandbox: CriSandbox | CriSandboxStatus): Sandbox {
  return {
    id: sandbox.id,
    name: sandbox.metadata?.name ?? "",
    uid: sandbox.metadata?.uid ?? "",
    namespace: sandbox.metadata?.namespace ?? "",
    attempt: sandbox.metadata?.attempt ?? 0,
    state: sandbox.state === 0 ? "ready" : "notready",
    createdAtMs: millis(sandbox.createdAt),
    labels: sandbox.labels,
    annotations: sandbox.annotations,
  };
}

export function fromSandboxStatus(status: CriSandboxStatus): SandboxStatus {
  const network = status.network;
  const ips = [network?.ip ?? "", ...(network?.additionalIps ?? []).map(({ ip }) => ip)];
  return { ...fromSandbox(status), ips: ips.filter((ip) => ip !== "") };
}

export function fromContainer(container: CriContainer): Container {
  return {
    id: container.id,
    sandboxId: container.podSandboxId,
    name: container.metadata?.name ?? "",
    attempt: container.metadata?.attempt ?? 0,
    image: container.image?.image ?? "",
    imageRef: container.imageRef,
    state: containerStates[container.state] ?? "unknown",
    createdAtMs: millis(container.createdAt),
    labels: container.labels,
    annotations: container.annotations,
  };
}

export function fromContainerStatus(status: CriContainerStatus): ContainerStatus {
  return {
    // CRI's container status does not name the sandbox.
    ...fromContainer({ ...status, podSandboxId: "" }),
    startedAtMs: millis(status.startedAt),
    finishedAtMs: millis(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    logPath: status.logPath,
  };
}

export function fromImage(image: CriImage): RuntimeImage {
  const { id, repoDigests, repoTags } = image;
  const user = image.uid !== undefined ? { uid: image.uid.value } : image.username !== "" ? { username: image.username } : {};
  return { id, repoDigests, repoTags, sizeBytes: image.size, ...user };
}
