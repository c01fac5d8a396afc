/** Stops containers as a kubelet does: Killing event, preStop hook, SIGTERM, and SIGKILL when the grace period is over. */
import type { Container } from "../../protocol/kubernetes/generated/types.ts";
import type { ContainerStatus } from "../runtime/runtime.ts";
import type { PodDependencies } from "./dependencies.ts";
import { runHook } from "./hooks.ts";
import { containersOf, type ObservedPod, type StoredPod } from "./observed.ts";

export interface StopRequest {
  pod: StoredPod;
  graceSeconds: number;
  podIp: string;
}

/** However long its hook took, a container gets this long to end by itself. */
const minimumGraceSeconds = 2;

/** Stops main containers and init containers together, then sidecars, last started first. */
export async function stopContainers(dependencies: PodDependencies, observed: ObservedPod, request: StopRequest): Promise<void> {
  const endsAtMs = dependencies.clock.now() + request.graceSeconds * 1000;
  const entries = containersOf(request.pod);
  const isSidecar = (name: string): boolean => entries.some(({ kind, container }) => kind === "sidecar" && container.name === name);
  const running = observed.containers.filter(({ state }) => state === "running");
  const specOf = (name: string): Container | undefined => entries.find(({ container }) => container.name === name)?.container;
  const stop = (container: ContainerStatus): Promise<void> => {
    const graceSeconds = Math.max(0, Math.round((endsAtMs - dependencies.clock.now()) / 1000));
    return stopContainer(dependencies, { ...request, graceSeconds, containerId: container.id, container: specOf(container.name), name: container.name });
  };
  await Promise.all(running.filter(({ name }) => !isSidecar(name)).map(stop));
  for (const { container } of entries.filter(({ kind }) => kind === "sidecar").toReversed()) {
    for (const sidecar of running.filter(({ name }) => name === container.name)) await stop(sidecar);
  }
}

interface StopOne extends StopRequest {
  containerId: string;
  name: string;
  /** Undefined: the spec no longer has it. */
  container: Container | undefined;
  message?: string;
}

export async function stopContainer(dependencies: PodDependencies, request: StopOne): Promise<void> {
  const { pod, name, container, containerId, graceSeconds, podIp } = request;
  const { events, runtime, clock } = dependencies;
  const isInit = pod.spec?.initContainers?.some((init) => init.name === name) === true;
  events.forPod(pod, { type: "Normal", reason: "Killing", message: request.message ?? `Stopping container ${name}`, container: name, isInit });
  const handler = container?.lifecycle?.preStop;
  if (handler === undefined || container === undefined || graceSeconds === 0) {
    await runtime.stopContainer(containerId, graceSeconds);
    return;
  }
  const beganMs = clock.now();
  const error = await runHook(handler, { runtime, clock, target: { container, containerId, podIp }, timeoutSeconds: graceSeconds });
  if (error !== undefined) events.forPod(pod, { type: "Warning", reason: "FailedPreStopHook", message: `PreStopHook failed: ${error}`, container: name, isInit });
  const usedSeconds = Math.round((clock.now() - beganMs) / 1000);
  await runtime.stopContainer(containerId, Math.max(minimumGraceSeconds, graceSeconds - usedSeconds));
}
