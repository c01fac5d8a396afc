/**
 * What is to be done next for a pod: its spec and what the runtime has of it in, actions out. Pure and level-driven:
 * the worker executes the actions, observes again and computes again until nothing is left to do.
 *
 *     no sandbox ─ createSandbox ─► init containers one by one (sidecars stay) ─► main containers ─► endPod
 */
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { ContainerStatus, SandboxStatus } from "../runtime/runtime.ts";
import { specImageAnnotation } from "./container-config.ts";
import {
  containersOf,
  isTerminal,
  newest,
  newestIn,
  type ContainerKind,
  type ObservedPod,
  type PodContainerEntry,
  type ProbeResults,
} from "./observed.ts";

export type PodAction =
  | { type: "createSandbox"; attempt: number }
  /** A sandbox that died, or that is no longer wanted, with whatever still runs in it. */
  | { type: "stopSandbox"; sandboxId: string }
  | { type: "startContainer"; name: string; kind: ContainerKind; attempt: number; sandboxId: string }
  /** Its last end, or the last failure to start it, was too recent: try at `untilMs`. */
  | { type: "backOff"; name: string; untilMs: number }
  | { type: "killContainer"; containerId: string; name: string; reason: "liveness" | "startup" | "changed" }
  /** Nothing of it will ever run again: sidecars first, then the sandbox. */
  | { type: "endPod" };

export interface PodSnapshot {
  pod: Pod;
  observed: ObservedPod;
  /** By container id, running containers only. */
  probes: ReadonlyMap<string, ProbeResults>;
  /** By container name: not to be started again before. */
  notBeforeMs: ReadonlyMap<string, number>;
  nowMs: number;
}

export function computePodActions(snapshot: PodSnapshot): PodAction[] {
  const { pod, observed } = snapshot;
  if (isTerminal(pod)) return endOf(observed);
  const sandbox = observed.sandboxes[0];
  if (sandbox?.state !== "ready") return sandboxActions(snapshot, sandbox);
  const stale = observed.sandboxes.slice(1).filter(({ state }) => state === "ready");
  return [...stale.map(({ id }): PodAction => ({ type: "stopSandbox", sandboxId: id })), ...containerActions(snapshot, sandbox)];
}

/** The pod has ended: what still runs of it is to be stopped. */
function endOf(observed: ObservedPod): PodAction[] {
  const isLeft = observed.sandboxes.some(({ state }) => state === "ready") || observed.containers.some(isRunning);
  return isLeft ? [{ type: "endPod" }] : [];
}

function sandboxActions(snapshot: PodSnapshot, dead: SandboxStatus | undefined): PodAction[] {
  const { pod, observed } = snapshot;
  const mains = containersOf(pod).filter(({ kind }) => kind === "main");
  // A pod that does not restart gets no second sandbox once its containers ran, as for the kubelet.
  const hasWork = dead === undefined || mains.some(({ container }) => mayRun(pod, newest(observed, container.name)));
  if (!hasWork || hasFailedInit(pod, observed)) return [];
  // Stopped even if it died by itself: only that gives its address and ports back.
  const isLeft = ({ id }: SandboxStatus): boolean => id === dead?.id || observed.containers.some((container) => container.sandboxId === id && isRunning(container));
  const actions = observed.sandboxes.filter(isLeft).map(({ id }): PodAction => ({ type: "stopSandbox", sandboxId: id }));
  return [...actions, { type: "createSandbox", attempt: (dead?.attempt ?? -1) + 1 }];
}

function containerActions(snapshot: PodSnapshot, sandbox: SandboxStatus): PodAction[] {
  const { pod, observed } = snapshot;
  const entries = containersOf(pod);
  const mains = entries.filter(({ kind }) => kind === "main");
  const haveMainsBegun = mains.some(({ container }) => newestIn(observed, sandbox.id, container.name) !== undefined);
  if (haveMainsBegun && haveEnded(pod, observed, mains)) return [{ type: "endPod" }];
  const actions: PodAction[] = [];
  for (const entry of entries) {
    const next = entryActions({ snapshot, sandbox, entry, haveMainsBegun });
    actions.push(...next.actions);
    if (next.blocks) break;
  }
  return actions;
}

interface EntryState {
  snapshot: PodSnapshot;
  sandbox: SandboxStatus;
  entry: PodContainerEntry;
  haveMainsBegun: boolean;
}

/** What to do for one container, and whether those after it have to wait. */
function entryActions(state: EntryState): { actions: PodAction[]; blocks: boolean } {
  const { snapshot, sandbox, entry, haveMainsBegun } = state;
  const { name } = entry.container;
  const current = newestIn(snapshot.observed, sandbox.id, name);
  // Once a main container began, all init containers had succeeded: garbage collection may have taken them.
  if (entry.kind === "init" && haveMainsBegun) return { actions: [], blocks: false };
  if (current !== undefined && isRunning(current)) return whileRunning(state, current);
  if (entry.kind === "init" && current?.state === "exited" && current.exitCode === 0) return { actions: [], blocks: false };
  const last = newest(snapshot.observed, name);
  if (current?.state === "exited" && !mayRestart(snapshot.pod, entry.kind, current)) {
    return { actions: [], blocks: entry.kind === "init" };
  }
  if (entry.kind === "main" && current === undefined && !mayRun(snapshot.pod, last)) return { actions: [], blocks: false };
  const action = startAction(snapshot, { entry, sandbox, last });
  return { actions: [action], blocks: entry.kind !== "main" && !haveMainsBegun };
}

function whileRunning({ snapshot, entry, haveMainsBegun }: EntryState, current: ContainerStatus): { actions: PodAction[]; blocks: boolean } {
  const probes = snapshot.probes.get(current.id);
  const reason = reasonToKill(entry, { current, probes });
  if (reason !== undefined) {
    const kill: PodAction = { type: "killContainer", containerId: current.id, name: current.name, reason };
    return { actions: [kill], blocks: entry.kind !== "main" && !haveMainsBegun };
  }
  const isHolding = entry.kind === "init" || (entry.kind === "sidecar" && !haveMainsBegun && probes?.isStarted !== true);
  return { actions: [], blocks: isHolding };
}

/** A pod's image is the one thing of a container that may change while it runs. */
function reasonToKill(
  { container }: PodContainerEntry,
  { current, probes }: { current: ContainerStatus; probes: ProbeResults | undefined },
): "liveness" | "startup" | "changed" | undefined {
  const madeFrom = current.annotations[specImageAnnotation];
  if (madeFrom !== undefined && madeFrom !== container.image) return "changed";
  return probes?.isAlive === false ? probes.failed : undefined;
}

interface Start {
  entry: PodContainerEntry;
  sandbox: SandboxStatus;
  last: ContainerStatus | undefined;
}

function startAction(snapshot: PodSnapshot, { entry, sandbox, last }: Start): PodAction {
  const { name } = entry.container;
  const untilMs = snapshot.notBeforeMs.get(name) ?? 0;
  if (untilMs > snapshot.nowMs) return { type: "backOff", name, untilMs };
  const attempt = Math.max(last?.attempt ?? -1, lastReported(snapshot.pod, name)) + 1;
  return { type: "startContainer", name, kind: entry.kind, attempt, sandboxId: sandbox.id };
}

/** The attempt that the API last knew of; −1 if none: containers may have been removed behind the agent's back. */
function lastReported(pod: Pod, name: string): number {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const status = statuses.find((candidate) => candidate.name === name);
  const hasRun = status?.state?.running ?? status?.state?.terminated ?? status?.lastState?.terminated;
  return status !== undefined && hasRun !== undefined ? status.restartCount : -1;
}

function haveEnded(pod: Pod, observed: ObservedPod, mains: readonly PodContainerEntry[]): boolean {
  return mains.every(({ container }) => {
    const last = newest(observed, container.name);
    return last?.state === "exited" && !mayRestart(pod, "main", last);
  });
}

function hasFailedInit(pod: Pod, observed: ObservedPod): boolean {
  if (pod.spec?.restartPolicy !== "Never") return false;
  return containersOf(pod).some(({ kind, container }) => {
    const last = kind === "init" ? newest(observed, container.name) : undefined;
    return last?.state === "exited" && last.exitCode !== 0;
  });
}

/** May a container that ended be started again? */
export function mayRestart(pod: Pod, kind: ContainerKind, ended: ContainerStatus): boolean {
  if (kind === "sidecar") return true;
  const policy = pod.spec?.restartPolicy ?? "Always";
  if (policy === "Never") return false;
  // An init container that succeeded is done, whatever the policy.
  if (policy === "OnFailure" || kind === "init") return ended.exitCode !== 0;
  return true;
}

function mayRun(pod: Pod, last: ContainerStatus | undefined): boolean {
  return last?.state !== "exited" || mayRestart(pod, "main", last);
}

const isRunning = (container: ContainerStatus): boolean => container.state === "running";
