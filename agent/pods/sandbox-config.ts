/** From a pod to the sandbox that holds its namespaces. Pure. */
import type { Pod, SeccompProfile as PodSeccomp } from "../../protocol/kubernetes/generated/types.ts";
import { runtimeLabels, type SandboxConfig, type SeccompProfile } from "../runtime/runtime.ts";
import type { PodNames } from "./network-files.ts";
import type { StoredPod } from "./observed.ts";
import { qosClassOf } from "./resources.ts";

export interface SandboxInput {
  attempt: number;
  names: PodNames;
  dns: SandboxConfig["dns"];
  logDirectory: string;
  /** The agent's own cgroup. */
  cgroupRoot: string;
}

export function sandboxConfig(pod: StoredPod, { attempt, names, dns, logDirectory, cgroupRoot }: SandboxInput): SandboxConfig {
  const spec = pod.spec;
  const { namespace = "default", name, uid } = pod.metadata;
  return {
    name,
    uid,
    namespace,
    attempt,
    hostname: spec?.hostNetwork === true ? "" : names.hostname,
    logDirectory,
    dns,
    portMappings: portMappings(pod),
    labels: podLabels(pod),
    annotations: pod.metadata.annotations ?? {},
    cgroupParent: podCgroup(cgroupRoot, pod),
    hostNetwork: spec?.hostNetwork === true,
    hostPid: spec?.hostPID === true,
    hostIpc: spec?.hostIPC === true,
    sharePid: spec?.shareProcessNamespace === true,
    sysctls: Object.fromEntries((spec?.securityContext?.sysctls ?? []).map((sysctl) => [sysctl.name, sysctl.value])),
    securityContext: {
      ...userOf(spec?.securityContext),
      supplementalGroups: supplementalGroups(pod),
      readonlyRootfs: false,
      privileged: containersOf(pod).some(({ securityContext }) => securityContext?.privileged === true),
      seccomp: seccompOf(spec?.securityContext?.seccompProfile) ?? { type: "RuntimeDefault" },
    },
  };
}

/** Labels by which the runtime's sandboxes and containers are found again. */
export function podLabels(pod: StoredPod): Record<string, string> {
  const { namespace = "default", name, uid } = pod.metadata;
  return { ...pod.metadata.labels, [runtimeLabels.podName]: name, [runtimeLabels.podNamespace]: namespace, [runtimeLabels.podUid]: uid };
}

/** `<root>/kubepods[/<qos>]/pod<uid>`, as under a kubelet; guaranteed pods stand beside the other classes. */
export function podCgroup(root: string, pod: StoredPod): string {
  const qosClass = qosClassOf(pod);
  return `${root}/kubepods${qosClass === "Guaranteed" ? "" : `/${qosClass.toLowerCase()}`}/pod${pod.metadata.uid}`;
}

export function supplementalGroups(pod: Pod): number[] {
  const { supplementalGroups: groups = [], fsGroup } = pod.spec?.securityContext ?? {};
  return [...new Set(fsGroup === undefined ? groups : [...groups, fsGroup])];
}

export function seccompOf(profile: PodSeccomp | undefined): SeccompProfile | undefined {
  if (profile?.type === "Localhost") return { type: "Localhost", localhostPath: profile.localhostProfile ?? "" };
  return profile?.type === "RuntimeDefault" || profile?.type === "Unconfined" ? { type: profile.type } : undefined;
}

function userOf(context: { runAsUser?: number; runAsGroup?: number } | undefined) {
  const { runAsUser, runAsGroup } = context ?? {};
  // CRI refuses a group without a user.
  if (runAsUser === undefined) return {};
  return { runAsUser, ...(runAsGroup !== undefined && { runAsGroup }) };
}

/** Only ports that the host is to give; a pod on the host's network has them all anyway. */
function portMappings(pod: Pod): SandboxConfig["portMappings"] {
  if (pod.spec?.hostNetwork === true) return [];
  return containersOf(pod).flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort = 0, containerPort, hostIP = "", protocol = "TCP" }) => {
      if (hostPort === 0 || (protocol !== "TCP" && protocol !== "UDP" && protocol !== "SCTP")) return [];
      return [{ protocol, containerPort, hostPort, hostIp: hostIP }];
    }),
  );
}

const containersOf = (pod: Pod) => [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
