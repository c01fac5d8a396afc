/** A pod's phase, by the kubelet's rules. */
import type { ContainerStatus, Pod } from "../../../protocol/kubernetes/generated/types.ts";
import { containersOf, isTerminal } from "../observed.ts";

export type Phase = "Pending" | "Running" | "Succeeded" | "Failed";

export interface PhaseInput {
  pod: Pod;
  init: readonly ContainerStatus[];
  main: readonly ContainerStatus[];
  /** The pod is being taken down; once all of its containers ended it has succeeded or failed, whatever its policy. */
  isEnding: boolean;
}

export function phaseOf({ pod, init, main, isEnding }: PhaseInput): Phase {
  if (isTerminal(pod)) return pod.status?.phase as Phase; // isTerminal just said which two
  if (isEnding && hasEnded([...init, ...main])) return main.some(hasFailed) ? "Failed" : "Succeeded";
  const initPhase = main.some(hasRun) ? "done" : initializationOf(pod, init);
  if (initPhase === "failed") return "Failed";
  if (initPhase === "pending" || main.some(isWaiting)) return "Pending";
  if (main.some(({ state }) => state?.running !== undefined)) return "Running";
  const policy = pod.spec?.restartPolicy ?? "Always";
  if (policy === "Always") return "Running";
  const ended = main.every(({ state }) => state?.terminated !== undefined);
  if (ended && main.every((status) => !hasFailed(status))) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

function initializationOf(pod: Pod, init: readonly ContainerStatus[]): "done" | "pending" | "failed" {
  const kinds = new Map(containersOf(pod).map(({ kind, container }) => [container.name, kind]));
  const pending = init.filter((status) => {
    return kinds.get(status.name) === "sidecar" ? status.started !== true : status.state?.terminated?.exitCode !== 0;
  });
  const isFailed = pending.some(({ name, state }) => kinds.get(name) === "init" && (state?.terminated?.exitCode ?? 0) !== 0);
  if (isFailed && pod.spec?.restartPolicy === "Never") return "failed";
  return pending.length === 0 ? "done" : "pending";
}

/** Waiting for its first start; one that ended and waits for the next counts as stopped. */
function isWaiting({ state, lastState }: ContainerStatus): boolean {
  return state?.waiting !== undefined && lastState?.terminated === undefined;
}

function hasRun({ state, lastState }: ContainerStatus): boolean {
  return (state?.running ?? state?.terminated ?? lastState?.terminated) !== undefined;
}

function hasEnded(statuses: readonly ContainerStatus[]): boolean {
  return statuses.every(({ state }) => state?.running === undefined);
}

function hasFailed({ state, lastState }: ContainerStatus): boolean {
  return (state?.terminated ?? lastState?.terminated)?.exitCode !== 0;
}
