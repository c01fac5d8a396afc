/** What the `binding` subresource makes of a pod, for the API and the scheduler alike. */
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { timestamp } from "./time.ts";

export interface BindTarget {
  nodeName: string;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

/** A copy that is bound and says so in its condition PodScheduled; to be planned as subresource `binding`. */
export function boundPod(pod: Stored<Pod>, target: BindTarget, now: number): Stored<Pod> {
  rejectUnbindable(pod, target);
  const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  const scheduled = { type: "PodScheduled", status: "True", lastTransitionTime: timestamp(now), lastProbeTime: null };
  const metadata = { ...pod.metadata };
  if (target.annotations) metadata.annotations = { ...metadata.annotations, ...target.annotations };
  if (target.labels) metadata.labels = { ...metadata.labels, ...target.labels };
  return {
    ...pod,
    metadata,
    spec: { containers: [], ...pod.spec, nodeName: target.nodeName },
    // lastProbeTime is null in the API's own answers; the generated types know only its absence.
    status: { ...pod.status, conditions: [...conditions, scheduled as unknown as (typeof conditions)[number]] },
  };
}

function rejectUnbindable(pod: Stored<Pod>, { nodeName }: BindTarget): void {
  const about = { group: "", kind: "pods/binding", name: pod.metadata.name };
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw StatusError.conflict(about, `pod ${pod.metadata.name} is being deleted, cannot be assigned to a host`);
  }
  const bound = pod.spec?.nodeName;
  if (bound) {
    const why = `pod ${pod.metadata.name} is already assigned to node ${JSON.stringify(bound)}`;
    throw StatusError.conflict(about, why);
  }
  if (nodeName === "") throw StatusError.badRequest("target.name: Required value");
}
