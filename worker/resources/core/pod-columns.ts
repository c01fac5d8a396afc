/** The columns of pods (pkg/printers/internalversion printPod). */
import type { ContainerStatus, Pod, PodCondition } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, column, nameColumn, wide } from "../columns.ts";
import { since } from "../duration.ts";
import type { Column } from "../resource.ts";

interface Summary {
  ready: number;
  total: number;
  restarts: number;
  /** The latest end of a container that was restarted. */
  lastRestart: string | undefined;
  reason: string;
}

export const podColumns: Column[] = [
  nameColumn,
  column<Pod>("Ready", "Ready containers of all.", (pod) => {
    const { ready, total } = summarize(pod);
    return `${ready}/${total}`;
  }),
  column<Pod>("Status", "What the pod's containers are doing, in a word.", (pod) => summarize(pod).reason),
  column<Pod>("Restarts", "How often containers were restarted, and how long ago last.", (pod, now) => restartsText(summarize(pod), now)),
  ageColumn,
  column<Pod>("IP", "The pod's address.", (pod) => pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? "<none>", wide),
  column<Pod>("Node", "The node that the pod is bound to.", (pod) => pod.spec?.nodeName ?? "<none>", wide),
  column<Pod>("Nominated Node", "The node that a preemption makes room on.", (pod) => pod.status?.nominatedNodeName ?? "<none>", wide),
  column<Pod>("Readiness Gates", "Fulfilled readiness gates of all.", gatesText, wide),
];

function restartsText({ restarts, lastRestart }: Summary, now: number): string {
  return restarts === 0 || lastRestart === undefined ? String(restarts) : `${restarts} (${since(lastRestart, now)} ago)`;
}

function gatesText(pod: Stored<Pod>): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const fulfilled = gates.filter((gate) => isTrue(pod, gate.conditionType)).length;
  return `${fulfilled}/${gates.length}`;
}

const conditionOf = (pod: Pod, type: string): PodCondition | undefined => pod.status?.conditions?.find((one) => one.type === type);
const isTrue = (pod: Pod, type: string): boolean => conditionOf(pod, type)?.status === "True";

function summarize(pod: Stored<Pod>): Summary {
  const phase = pod.status?.reason || (pod.status?.phase ?? "");
  const isGated = conditionOf(pod, "PodScheduled")?.reason === "SchedulingGated";
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === "Always").length;
  const summary: Summary = {
    ready: 0,
    total: (pod.spec?.containers ?? []).length + sidecars,
    restarts: 0,
    lastRestart: undefined,
    reason: isGated ? "SchedulingGated" : phase,
  };
  const isInitializing = addInitContainers(summary, pod);
  if (!isInitializing || isTrue(pod, "Initialized")) addContainers(summary, pod);
  if (pod.metadata.deletionTimestamp !== undefined) summary.reason = endingReason(pod, summary.reason);
  return summary;
}

function endingReason(pod: Pod, reason: string): string {
  if (pod.status?.reason === "NodeLost") return "Unknown";
  const isTerminal = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  return isTerminal ? reason : "Terminating";
}

/** True while an init container is still to finish; the reason then says which, or what is wrong with it. */
function addInitContainers(summary: Summary, pod: Pod): boolean {
  const specs = pod.spec?.initContainers ?? [];
  let sidecarRestarts = 0;
  for (const [at, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    addRestarts(summary, status);
    const isSidecar = specs.find((spec) => spec.name === status.name)?.restartPolicy === "Always";
    if (isSidecar) sidecarRestarts += status.restartCount;
    if (status.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && status.started === true) {
      if (status.ready) summary.ready++;
      continue;
    }
    summary.reason = `Init:${initReason(status) ?? `${at}/${specs.length}`}`;
    if (isTrue(pod, "Initialized")) summary.restarts = sidecarRestarts;
    return true;
  }
  // Once initialization is over, only what still runs counts.
  summary.restarts = sidecarRestarts;
  return false;
}

function initReason({ state }: ContainerStatus): string | undefined {
  if (state?.terminated !== undefined) return state.terminated.reason || exitText(state.terminated);
  const waiting = state?.waiting?.reason ?? "";
  return waiting === "" || waiting === "PodInitializing" ? undefined : waiting;
}

const exitText = ({ signal, exitCode }: { signal?: number; exitCode: number }): string =>
  signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;

function addContainers(summary: Summary, pod: Pod): void {
  let isAnyRunning = false;
  // From the last to the first: the first container's reason wins.
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    addRestarts(summary, status);
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated !== undefined) summary.reason = terminated.reason || exitText(terminated);
    else if (status.ready && running !== undefined) {
      isAnyRunning = true;
      summary.ready++;
    }
  }
  if (summary.reason === "Completed" && isAnyRunning) summary.reason = isTrue(pod, "Ready") ? "Running" : "NotReady";
}

function addRestarts(summary: Summary, status: ContainerStatus): void {
  summary.restarts += status.restartCount;
  const ended = status.lastState?.terminated?.finishedAt;
  if (ended === undefined) return;
  if (summary.lastRestart === undefined || Date.parse(ended) > Date.parse(summary.lastRestart)) summary.lastRestart = ended;
}
