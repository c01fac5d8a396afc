/** From a container of a pod to what the runtime is asked to create. Pure. */
import type { Container, Volume, VolumeMount } from "../../protocol/kubernetes/generated/types.ts";
import { runtimeLabels, type ContainerConfig, type RuntimeImage } from "../runtime/runtime.ts";
import { ConfigError } from "./env/environment.ts";
import { expand } from "./env/expand.ts";
import type { StoredPod } from "./observed.ts";
import { containerLogPath } from "./paths.ts";
import { containerResources } from "./resources.ts";
import { podLabels, seccompOf, supplementalGroups } from "./sandbox-config.ts";

/** The image that the spec asked for when the container was made: another one in the spec means a restart. */
export const specImageAnnotation = "kedge.dev/spec-image";

export interface ContainerInput {
  container: Container;
  attempt: number;
  image: RuntimeImage;
  env: ReadonlyMap<string, string>;
  /** Host path of each mount, in the order of `container.volumeMounts`. */
  mountPaths: readonly string[];
  hostsFile: string;
  terminationMessageFile: string;
  nodeMemoryBytes: number;
}

/** @throws ConfigError if the pod may not run so (runAsNonRoot). */
export function containerConfig(pod: StoredPod, input: ContainerInput): ContainerConfig {
  const { container, attempt, image, env } = input;
  const lookup = (name: string): string | undefined => env.get(name);
  const expanded = (words: string[] | undefined): string[] => (words ?? []).map((word) => expand(word, lookup));
  return {
    name: container.name,
    attempt,
    image: image.id,
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? "",
    env: [...env].map(([name, value]) => ({ name, value })),
    mounts: mounts(pod, input),
    labels: { ...podLabels(pod), [runtimeLabels.containerName]: container.name },
    annotations: { [specImageAnnotation]: container.image ?? "" },
    logPath: containerLogPath(container.name, attempt),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    resources: containerResources(pod, container, input.nodeMemoryBytes),
    securityContext: securityContext(pod, input),
  };
}

function mounts(pod: StoredPod, { container, mountPaths, hostsFile, terminationMessageFile }: ContainerInput): ContainerConfig["mounts"] {
  const written = new Set((pod.spec?.volumes ?? []).filter(isWrittenByAgent).map(({ name }) => name));
  const own = (container.volumeMounts ?? []).map((mount, index) => ({
    containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
    hostPath: mountPaths[index] ?? "",
    readonly: mount.readOnly === true || written.has(mount.name),
    propagation: propagationOf(mount),
  }));
  const isTaken = (path: string): boolean => own.some(({ containerPath }) => containerPath === path);
  const added = [
    { containerPath: "/etc/hosts", hostPath: hostsFile },
    { containerPath: container.terminationMessagePath ?? "/dev/termination-log", hostPath: terminationMessageFile },
  ];
  const missing = added.filter(({ containerPath }) => !isTaken(containerPath));
  return [...own, ...missing.map((mount) => ({ ...mount, readonly: false, propagation: "private" as const }))];
}

/** As under a kubelet no container writes there: the agent renews the files as root, where it finds them. */
function isWrittenByAgent({ configMap, secret, downwardAPI, projected }: Volume): boolean {
  return (configMap ?? secret ?? downwardAPI ?? projected) !== undefined;
}

function propagationOf({ mountPropagation }: VolumeMount): "private" | "hostToContainer" | "bidirectional" {
  if (mountPropagation === "HostToContainer") return "hostToContainer";
  return mountPropagation === "Bidirectional" ? "bidirectional" : "private";
}

function securityContext(pod: StoredPod, { container, image }: ContainerInput): ContainerConfig["securityContext"] {
  const own = container.securityContext ?? {};
  const ofPod = pod.spec?.securityContext ?? {};
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup;
  const wanted = own.runAsUser ?? ofPod.runAsUser;
  // CRI refuses a group without a user: then the image's user stands beside it.
  const runAsUser = wanted ?? (runAsGroup === undefined ? undefined : (image.uid ?? 0));
  if (own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false) refuseRoot({ pod, container, user: wanted, image });
  const seccomp = seccompOf(own.seccompProfile ?? ofPod.seccompProfile);
  return {
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsGroup !== undefined && { runAsGroup }),
    supplementalGroups: supplementalGroups(pod),
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    privileged: own.privileged === true,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    ...(seccomp !== undefined && { seccomp }),
  };
}

interface User {
  pod: StoredPod;
  container: Container;
  user: number | undefined;
  image: RuntimeImage;
}

function refuseRoot({ pod, container, user, image }: User): void {
  const { name, namespace = "default", uid } = pod.metadata;
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
  if (user === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (user !== undefined) return;
  if (image.username !== undefined) {
    throw new ConfigError(`container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`);
  }
  if ((image.uid ?? 0) === 0) throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
}
