/** What the runtime has of one pod, as the pure parts read it. */
import type { Container } from "../../protocol/kubernetes/generated/types.ts";
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import type { ContainerStatus, SandboxStatus } from "../runtime/runtime.ts";

export interface ObservedPod {
  /** Newest attempt first. */
  sandboxes: readonly SandboxStatus[];
  /** Every container of every sandbox, newest attempt first. */
  containers: readonly ContainerStatus[];
}

/** What the probes of one running container said last; without a probe all of it is true at once. */
export interface ProbeResults {
  isStarted: boolean;
  isReady: boolean;
  /** False: the liveness or startup probe failed for good, the container is to be restarted. */
  isAlive: boolean;
  /** Why it is not alive. */
  failed?: "liveness" | "startup";
}

export type StoredPod = Stored<Pod>;
export type PodContainer = Container;

/** `init` runs to its end before the next; `sidecar` is a restartable init container; `main` is a regular one. */
export type ContainerKind = "init" | "sidecar" | "main";

export interface PodContainerEntry {
  kind: ContainerKind;
  container: Container;
}

/** The containers in the order in which they start. */
export function containersOf(pod: Pod): PodContainerEntry[] {
  const init = (pod.spec?.initContainers ?? []).map((container): PodContainerEntry => {
    return { kind: container.restartPolicy === "Always" ? "sidecar" : "init", container };
  });
  return [...init, ...(pod.spec?.containers ?? []).map((container): PodContainerEntry => ({ kind: "main", container }))];
}

/** The newest attempt of a container, in whichever sandbox. */
export function newest(observed: ObservedPod, name: string): ContainerStatus | undefined {
  return observed.containers.find((container) => container.name === name);
}

/** The newest attempt of a container in one sandbox. */
export function newestIn(observed: ObservedPod, sandboxId: string, name: string): ContainerStatus | undefined {
  return observed.containers.find((container) => container.name === name && container.sandboxId === sandboxId);
}

export function podKey(pod: Pod): string {
  return `pods/${pod.metadata?.namespace ?? ""}/${pod.metadata?.name ?? ""}`;
}

/** True once the pod's phase can never change again. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
