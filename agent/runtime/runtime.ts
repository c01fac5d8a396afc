/**
 * The only door to the container runtime, in the shape of Kubernetes' Container Runtime Interface (CRI v1). ./cri
 * speaks it to containerd over gRPC; ./fake keeps it in memory; both pass ./contract.
 * Every call has a timeout; a failure is a RuntimeError with the runtime's words.
 */

export interface SandboxConfig {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
  hostname: string;
  logDirectory: string;
  dns: { servers: string[]; searches: string[]; options: string[] };
  portMappings: { protocol: "TCP" | "UDP" | "SCTP"; containerPort: number; hostPort: number; hostIp: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  cgroupParent: string;
  hostNetwork: boolean;
  hostPid: boolean;
  hostIpc: boolean;
  sharePid: boolean;
  sysctls: Record<string, string>;
  securityContext: {
    runAsUser?: number;
    runAsGroup?: number;
    supplementalGroups: number[];
    readonlyRootfs: boolean;
    /** A privileged container needs a privileged sandbox. */
    privileged: boolean;
    seccomp?: SeccompProfile;
  };
}

export interface SeccompProfile {
  type: "RuntimeDefault" | "Unconfined" | "Localhost";
  localhostPath?: string;
}

export type SandboxState = "ready" | "notready";

export interface Sandbox {
  id: string;
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
  state: SandboxState;
  /** Nanoseconds since the epoch as CRI gives them would lose digits; milliseconds here. */
  createdAtMs: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface SandboxStatus extends Sandbox {
  ips: string[];
}

export interface ContainerConfig {
  name: string;
  attempt: number;
  image: string;
  command: string[];
  args: string[];
  workingDir: string;
  env: { name: string; value: string }[];
  mounts: { containerPath: string; hostPath: string; readonly: boolean; propagation: "private" | "hostToContainer" | "bidirectional" }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's log directory. */
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  resources: {
    cpuPeriod: number;
    cpuQuota: number;
    cpuShares: number;
    memoryLimitBytes: number;
    oomScoreAdj: number;
  };
  securityContext: {
    runAsUser?: number;
    runAsGroup?: number;
    supplementalGroups: number[];
    readonlyRootfs: boolean;
    privileged: boolean;
    noNewPrivileges: boolean;
    addCapabilities: string[];
    dropCapabilities: string[];
    seccomp?: SeccompProfile;
  };
}

export type ContainerState = "created" | "running" | "exited" | "unknown";

export interface Container {
  id: string;
  sandboxId: string;
  name: string;
  attempt: number;
  image: string;
  imageRef: string;
  state: ContainerState;
  createdAtMs: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface ContainerStatus extends Container {
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, … as the runtime says it. */
  reason: string;
  message: string;
  logPath: string;
}

export type RuntimeEvent =
  | { type: "exit"; containerId: string; exitCode: number }
  | { type: "oom"; containerId: string }
  /** The subscription was interrupted: anything may have happened. */
  | { type: "resync" };

export interface ImageCredentials {
  username?: string;
  password?: string;
  auth?: string;
  serverAddress?: string;
  identityToken?: string;
  registryToken?: string;
}

/** Labels that tie sandboxes and containers to their pod, as every CRI runtime and its tools know them. */
export const runtimeLabels = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
} as const;

export interface RuntimeImage {
  id: string;
  repoDigests: string[];
  repoTags: string[];
  sizeBytes: number;
  /** The user that the image runs as, by number or else by name. */
  uid?: number;
  username?: string;
}

export interface Runtime {
  version(): Promise<{ name: string; version: string; apiVersion: string }>;
  runSandbox(config: SandboxConfig): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  sandboxStatus(id: string): Promise<SandboxStatus | undefined>;
  /** All sandboxes, or those of one pod. */
  listSandboxes(podUid?: string): Promise<Sandbox[]>;
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  containerStatus(id: string): Promise<ContainerStatus | undefined>;
  /** All containers, or those of one pod. */
  listContainers(podUid?: string): Promise<Container[]>;
  updateContainerResources(id: string, resources: ContainerConfig["resources"]): Promise<void>;
  reopenContainerLog(id: string): Promise<void>;
  execSync(id: string, command: string[], timeoutSeconds: number): Promise<{ exitCode: number; stdout: Uint8Array; stderr: Uint8Array }>;
  /** URLs on the runtime's loopback streaming server. */
  exec(id: string, command: string[], options: { tty: boolean; stdin: boolean; stdout: boolean; stderr: boolean }): Promise<string>;
  attach(id: string, options: { tty: boolean; stdin: boolean; stdout: boolean; stderr: boolean }): Promise<string>;
  portForward(sandboxId: string, ports: number[]): Promise<string>;
  imageStatus(image: string): Promise<RuntimeImage | undefined>;
  pullImage(image: string, credentials: ImageCredentials | undefined): Promise<string>;
  listImages(): Promise<RuntimeImage[]>;
  removeImage(image: string): Promise<void>;
  containerStats(): Promise<{ id: string; cpuNanoSeconds: number; memoryWorkingSetBytes: number }[]>;
  /** Calls `listener` for each event until the signal aborts; reconnects by itself. */
  watchEvents(listener: (event: RuntimeEvent) => void, signal: AbortSignal): void;
}

/** A call that the runtime refused or did not answer in time. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  /** gRPC's code name in lower case: `not_found`, `deadline_exceeded`, `unavailable`, … */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
