/** The pod conditions that the agent owns, in the kubelet's words and order; all others are kept. */
import type { ContainerStatus, Pod, PodCondition } from "../../../protocol/kubernetes/generated/types.ts";
import { containersOf } from "../observed.ts";
import type { Phase } from "./phase.ts";
import { timeOf } from "./time.ts";

export interface ConditionsInput {
  pod: Pod;
  phase: Phase;
  init: readonly ContainerStatus[];
  main: readonly ContainerStatus[];
  isSandboxReady: boolean;
  nowMs: number;
}

type Condition = Pick<PodCondition, "type" | "status" | "reason" | "message">;

export function podConditions(input: ConditionsInput): PodCondition[] {
  const before = input.pod.status?.conditions ?? [];
  const containersReady = containersReadyCondition(input);
  const own = [
    { type: "PodReadyToStartContainers", status: input.isSandboxReady ? "True" : "False" },
    initializedCondition(input),
    readyCondition(input, containersReady),
    containersReady,
    scheduledCondition(before),
  ];
  const kept = before.filter(({ type }) => !own.some((condition) => condition.type === type));
  return [...own.map((condition) => withTransition(input, condition)), ...kept];
}

/** A condition's transition time moves only when its status does. */
function withTransition({ pod, nowMs }: ConditionsInput, condition: Condition): PodCondition {
  const before = pod.status?.conditions?.find(({ type }) => type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : undefined;
  const generation = pod.metadata?.generation;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...condition,
    lastTransitionTime: lastTransitionTime ?? timeOf(nowMs),
  };
}

/** The scheduler's condition stays as it is; a pod that names its node has none and gets it here. */
function scheduledCondition(before: readonly PodCondition[]): Condition {
  const { status = "True", reason, message } = before.find(({ type }) => type === "PodScheduled") ?? {};
  return { type: "PodScheduled", status, ...(reason && { reason }), ...(message && { message }) };
}

function initializedCondition({ pod, phase, init, main }: ConditionsInput): Condition {
  const type = "Initialized";
  const hasBegun = main.some(({ state, lastState }) => (state?.running ?? state?.terminated ?? lastState?.terminated) !== undefined);
  const kinds = new Map(containersOf(pod).map(({ kind, container }) => [container.name, kind]));
  const incomplete = init.filter((status) => (kinds.get(status.name) === "sidecar" ? status.started !== true : !status.ready));
  if (hasBegun || incomplete.length === 0) {
    return phase === "Succeeded" ? { type, status: "True", reason: "PodCompleted" } : { type, status: "True" };
  }
  if (phase === "Succeeded") return { type, status: "True", reason: "PodCompleted" };
  const message = `containers with incomplete status: ${listOf(incomplete)}`;
  return { type, status: "False", reason: "ContainersNotInitialized", message };
}

function containersReadyCondition({ pod, phase, init, main }: ConditionsInput): Condition {
  const type = "ContainersReady";
  if (phase === "Succeeded") return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  const sidecars = new Set(containersOf(pod).filter(({ kind }) => kind === "sidecar").map(({ container }) => container.name));
  const unready = [...init.filter(({ name }) => sidecars.has(name)), ...main].filter(({ ready }) => !ready);
  if (unready.length === 0) return { type, status: "True" };
  return { type, status: "False", reason: "ContainersNotReady", message: `containers with unready status: ${listOf(unready)}` };
}

function readyCondition({ pod }: ConditionsInput, containersReady: Condition): Condition {
  if (containersReady.status !== "True") return { ...containersReady, type: "Ready" };
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => gateMessage(pod, conditionType));
  if (messages.length === 0) return { type: "Ready", status: "True" };
  return { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function gateMessage(pod: Pod, conditionType: string): string[] {
  const condition = pod.status?.conditions?.find(({ type }) => type === conditionType);
  if (condition === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
  if (condition.status === "True") return [];
  return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
}

const listOf = (statuses: readonly ContainerStatus[]): string => `[${statuses.map(({ name }) => name).join(" ")}]`;
