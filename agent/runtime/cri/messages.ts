/**
 * The messages of the Container Runtime Interface v1 that the agent uses, with their field numbers
 * (kubernetes/cri-api, pkg/apis/runtime/v1/api.proto), and containerd's own event stream.
 */
import { bool, bytes, int32, int64, integers, list, message, string, stringMap, strings, sub } from "./protobuf.ts";

export const empty = message({});

const int64Value = message({ value: int64(1) });
const uint64Value = int64Value;

// ---- sandboxes

const podSandboxMetadata = message({ name: string(1), uid: string(2), namespace: string(3), attempt: int32(4) });
const namespaceOption = message({ network: int32(1), pid: int32(2), ipc: int32(3) });
/** NamespaceMode */
export const namespaceMode = { pod: 0, container: 1, node: 2 } as const;
const securityProfile = message({ profileType: int32(1), localhostRef: string(2) });
export const seccompType = { RuntimeDefault: 0, Unconfined: 1, Localhost: 2 } as const;

export const podSandboxConfig = message({
  metadata: sub(1, podSandboxMetadata),
  hostname: string(2),
  logDirectory: string(3),
  dnsConfig: sub(4, message({ servers: strings(1), searches: strings(2), options: strings(3) })),
  portMappings: list(5, message({ protocol: int32(1), containerPort: int32(2), hostPort: int32(3), hostIp: string(4) })),
  labels: stringMap(6),
  annotations: stringMap(7),
  linux: sub(
    8,
    message({
      cgroupParent: string(1),
      securityContext: sub(
        2,
        message({
          namespaceOptions: sub(1, namespaceOption),
          runAsUser: sub(3, int64Value),
          readonlyRootfs: bool(4),
          supplementalGroups: integers(5),
          privileged: bool(6),
          runAsGroup: sub(8, int64Value),
          seccomp: sub(9, securityProfile),
        }),
      ),
      sysctls: stringMap(3),
    }),
  ),
});

export const runPodSandboxRequest = message({ config: sub(1, podSandboxConfig) });
export const podSandboxIdMessage = message({ podSandboxId: string(1) });

const podSandboxFields = {
  id: string(1),
  metadata: sub(2, podSandboxMetadata),
  state: int32(3),
  createdAt: int64(4),
} as const;

export const listPodSandboxRequest = message({
  filter: sub(1, message({ id: string(1), labelSelector: stringMap(3) })),
});
export const listPodSandboxResponse = message({
  items: list(1, message({ ...podSandboxFields, labels: stringMap(5), annotations: stringMap(6) })),
});
export const podSandboxStatusResponse = message({
  status: sub(
    1,
    message({
      ...podSandboxFields,
      network: sub(5, message({ ip: string(1), additionalIps: list(2, message({ ip: string(1) })) })),
      labels: stringMap(7),
      annotations: stringMap(8),
    }),
  ),
});

// ---- containers

const imageSpec = message({ image: string(1) });
const containerMetadata = message({ name: string(1), attempt: int32(2) });
const linuxContainerResources = message({
  cpuPeriod: int64(1),
  cpuQuota: int64(2),
  cpuShares: int64(3),
  memoryLimitInBytes: int64(4),
  oomScoreAdj: int64(5),
});

const containerConfig = message({
  metadata: sub(1, containerMetadata),
  image: sub(2, imageSpec),
  command: strings(3),
  args: strings(4),
  workingDir: string(5),
  envs: list(6, message({ key: string(1), value: string(2) })),
  mounts: list(7, message({ containerPath: string(1), hostPath: string(2), readonly: bool(3), propagation: int32(5) })),
  labels: stringMap(9),
  annotations: stringMap(10),
  logPath: string(11),
  stdin: bool(12),
  stdinOnce: bool(13),
  tty: bool(14),
  linux: sub(
    15,
    message({
      resources: sub(1, linuxContainerResources),
      securityContext: sub(
        2,
        message({
          capabilities: sub(1, message({ addCapabilities: strings(1), dropCapabilities: strings(2) })),
          privileged: bool(2),
          namespaceOptions: sub(3, namespaceOption),
          runAsUser: sub(5, int64Value),
          runAsUsername: string(6),
          readonlyRootfs: bool(7),
          supplementalGroups: integers(8),
          noNewPrivs: bool(11),
          runAsGroup: sub(12, int64Value),
          maskedPaths: strings(13),
          readonlyPaths: strings(14),
          seccomp: sub(15, securityProfile),
        }),
      ),
    }),
  ),
});

export const createContainerRequest = message({
  podSandboxId: string(1),
  config: sub(2, containerConfig),
  sandboxConfig: sub(3, podSandboxConfig),
});
export const containerIdMessage = message({ containerId: string(1) });
export const stopContainerRequest = message({ containerId: string(1), timeout: int64(2) });
export const updateContainerResourcesRequest = message({ containerId: string(1), linux: sub(2, linuxContainerResources) });

export const listContainersRequest = message({
  filter: sub(1, message({ id: string(1), podSandboxId: string(3), labelSelector: stringMap(4) })),
});
export const listContainersResponse = message({
  containers: list(
    1,
    message({
      id: string(1),
      podSandboxId: string(2),
      metadata: sub(3, containerMetadata),
      image: sub(4, imageSpec),
      imageRef: string(5),
      state: int32(6),
      createdAt: int64(7),
      labels: stringMap(8),
      annotations: stringMap(9),
    }),
  ),
});
export const containerStatusResponse = message({
  status: sub(
    1,
    message({
      id: string(1),
      metadata: sub(2, containerMetadata),
      state: int32(3),
      createdAt: int64(4),
      startedAt: int64(5),
      finishedAt: int64(6),
      exitCode: int32(7),
      image: sub(8, imageSpec),
      imageRef: string(9),
      reason: string(10),
      message: string(11),
      labels: stringMap(12),
      annotations: stringMap(13),
      logPath: string(15),
    }),
  ),
});

export const execSyncRequest = message({ containerId: string(1), cmd: strings(2), timeout: int64(3) });
export const execSyncResponse = message({ stdout: bytes(1), stderr: bytes(2), exitCode: int32(3) });
export const execRequest = message({
  containerId: string(1),
  cmd: strings(2),
  tty: bool(3),
  stdin: bool(4),
  stdout: bool(5),
  stderr: bool(6),
});
export const attachRequest = message({ containerId: string(1), stdin: bool(2), tty: bool(3), stdout: bool(4), stderr: bool(5) });
export const portForwardRequest = message({ podSandboxId: string(1), port: integers(2) });
export const urlResponse = message({ url: string(1) });

export const listContainerStatsResponse = message({
  stats: list(
    1,
    message({
      attributes: sub(1, message({ id: string(1) })),
      cpu: sub(2, message({ usageCoreNanoSeconds: sub(2, uint64Value) })),
      memory: sub(3, message({ workingSetBytes: sub(2, uint64Value) })),
    }),
  ),
});

// ---- images and version

const image = message({
  id: string(1),
  repoTags: strings(2),
  repoDigests: strings(3),
  size: int64(4),
  uid: sub(5, int64Value),
  username: string(6),
});
export const imageRequest = message({ image: sub(1, imageSpec) });
export const imageStatusResponse = message({ image: sub(1, image) });
export const listImagesResponse = message({ images: list(1, image) });
export const pullImageRequest = message({
  image: sub(1, imageSpec),
  auth: sub(
    2,
    message({
      username: string(1),
      password: string(2),
      auth: string(3),
      serverAddress: string(4),
      identityToken: string(5),
      registryToken: string(6),
    }),
  ),
});
export const pullImageResponse = message({ imageRef: string(1) });
export const versionRequest = message({ version: string(1) });
export const versionResponse = message({ runtimeName: string(2), runtimeVersion: string(3), runtimeApiVersion: string(4) });

// ---- containerd.services.events.v1.Events

export const subscribeRequest = message({ filters: strings(1) });
export const eventEnvelope = message({
  namespace: string(2),
  topic: string(3),
  event: sub(4, message({ typeUrl: string(1), value: bytes(2) })),
});
/** containerd.events.TaskExit: `id` is the process, which is the container itself or one that was exec'ed in it. */
export const taskExit = message({ containerId: string(1), id: string(2), exitStatus: int32(4) });
/** containerd.events.TaskOOM */
export const taskOom = message({ containerId: string(1) });
