/** Container statuses as a kubelet reports them, from what the runtime has. */
import type { Container, ContainerState, ContainerStatus, Pod } from "../../../protocol/kubernetes/generated/types.ts";
import type { ContainerStatus as Observed } from "../../runtime/runtime.ts";
import { mayRestart } from "../actions.ts";
import { containersOf, type ContainerKind, type ObservedPod, type PodContainerEntry, type ProbeResults } from "../observed.ts";
import { timeOf } from "./time.ts";

/** Why a container that should run does not: `ErrImagePull`, `CrashLoopBackOff`, `CreateContainerConfigError`, … */
export interface Waiting {
  reason: string;
  message?: string;
}

export interface ContainerStatusInput {
  pod: Pod;
  observed: ObservedPod;
  /** By container id. */
  probes: ReadonlyMap<string, ProbeResults>;
  /** By container name. */
  waiting: ReadonlyMap<string, Waiting>;
  /** By container id: what it left as its termination message. */
  terminationMessages: ReadonlyMap<string, string>;
  /** The pod will not be started again: what is missing is not waiting for anything. */
  isEnding: boolean;
}

/** Init containers in their order, main containers by name, as the kubelet sorts them. */
export function containerStatuses(input: ContainerStatusInput): { init: ContainerStatus[]; main: ContainerStatus[] } {
  const entries = containersOf(input.pod);
  const statusesOf = (isWanted: (kind: ContainerKind) => boolean): ContainerStatus[] =>
    entries.filter(({ kind }) => isWanted(kind)).map((entry) => containerStatus(input, entry));
  const main = statusesOf((kind) => kind === "main").toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { init: statusesOf((kind) => kind !== "main"), main };
}

function containerStatus(input: ContainerStatusInput, { kind, container }: PodContainerEntry): ContainerStatus {
  const [current, ...older] = input.observed.containers.filter(({ name }) => name === container.name);
  const previous = previousStatus(input.pod, container.name);
  if (current === undefined) return unobserved(input, { container, previous });
  const probes = input.probes.get(current.id);
  const isRunning = current.state === "running";
  const state = stateOf(input, { kind, current });
  const last = state.waiting !== undefined && current.state === "exited" ? current : older.find(({ state }) => state === "exited");
  return {
    name: container.name,
    state,
    lastState: last === undefined ? lastStateBefore(previous, current) : { terminated: terminatedState(input, last) },
    ready: kind === "init" ? current.state === "exited" && current.exitCode === 0 : isRunning && probes?.isReady === true,
    restartCount: current.attempt,
    image: current.image === "" ? (container.image ?? "") : current.image,
    imageID: current.imageRef,
    containerID: `containerd://${current.id}`,
    started: isRunning && (kind === "init" || probes?.isStarted === true),
    ...resourcesOf(container),
    ...volumeMountsOf(container),
  };
}

function stateOf(input: ContainerStatusInput, { kind, current }: { kind: ContainerKind; current: Observed }): ContainerState {
  if (current.state === "running") return { running: { startedAt: timeOf(current.startedAtMs) } };
  const waiting = input.waiting.get(current.name);
  if (current.state !== "exited") return { waiting: waiting ?? defaultWaiting(input.pod) };
  const willRestart = !input.isEnding && mayRestart(input.pod, kind, current);
  return willRestart && waiting !== undefined ? { waiting } : { terminated: terminatedState(input, current) };
}

function terminatedState(input: ContainerStatusInput, container: Observed): NonNullable<ContainerState["terminated"]> {
  const message = input.terminationMessages.get(container.id) || container.message;
  return {
    exitCode: container.exitCode,
    reason: container.reason || (container.exitCode === 0 ? "Completed" : "Error"),
    ...(message === "" ? {} : { message }),
    startedAt: timeOf(container.startedAtMs),
    finishedAt: timeOf(container.finishedAtMs),
    containerID: `containerd://${container.id}`,
  };
}

/** A container that the runtime does not have: not created yet, or lost. */
function unobserved(
  { pod, waiting, isEnding }: ContainerStatusInput,
  { container, previous }: { container: Container; previous: ContainerStatus | undefined },
): ContainerStatus {
  const base = {
    name: container.name,
    ready: false,
    started: false,
    image: container.image ?? "",
    imageID: "",
    ...resourcesOf(container),
    ...volumeMountsOf(container),
  };
  const ran = previous?.state?.terminated ?? previous?.lastState?.terminated;
  const lost = previous?.state?.running === undefined ? ran : lostState();
  const lastState = lost === undefined ? {} : { terminated: lost };
  const restartCount = previous?.restartCount ?? 0;
  if (isEnding && lost !== undefined) return { ...base, restartCount, lastState: {}, state: { terminated: lost } };
  return { ...base, restartCount, lastState, state: { waiting: waiting.get(container.name) ?? defaultWaiting(pod) } };
}

/** What the kubelet says of a container that ran and that the runtime has no trace of. */
const lostState = () => ({
  exitCode: 137,
  reason: "ContainerStatusUnknown",
  message: "The container could not be located when the pod was terminated",
});

function lastStateBefore(previous: ContainerStatus | undefined, current: Observed): ContainerState {
  if (previous === undefined || previous.restartCount > current.attempt) return {};
  if (previous.restartCount === current.attempt) return previous.lastState ?? {};
  const terminated = previous.state?.terminated ?? previous.lastState?.terminated;
  return terminated === undefined ? {} : { terminated };
}

export function defaultWaiting(pod: Pod): Waiting {
  const hasInit = (pod.spec?.initContainers ?? []).length > 0;
  return { reason: hasInit ? "PodInitializing" : "ContainerCreating" };
}

function previousStatus(pod: Pod, name: string): ContainerStatus | undefined {
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return all.find((status) => status.name === name);
}

function resourcesOf(container: Container): Pick<ContainerStatus, "resources" | "allocatedResources"> {
  const { requests, limits } = container.resources ?? {};
  return {
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    resources: { ...(limits && { limits }), ...(requests && { requests }) },
  };
}

function volumeMountsOf(container: Container): Pick<ContainerStatus, "volumeMounts"> {
  const mounts = container.volumeMounts ?? [];
  if (mounts.length === 0) return {};
  const volumeMounts = mounts.map(({ name, mountPath, readOnly }) =>
    readOnly === true ? { name, mountPath, readOnly, recursiveReadOnly: "Disabled" } : { name, mountPath },
  );
  return { volumeMounts };
}
