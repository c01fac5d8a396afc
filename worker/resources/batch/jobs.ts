/** Jobs. */
import type { Job } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, column, containersColumn, imagesColumn, nameColumn, selectorColumn } from "../columns.ts";
import { defaultPodSpec } from "../core/pod-defaults.ts";
import { defineResource } from "../define.ts";
import { humanDuration } from "../duration.ts";
import { indexSelector } from "../label-selector.ts";
import { statusStrategy } from "../status-strategy.ts";
import { jobErrors, jobStatusUpdateErrors, jobUpdateErrors, nameLabels, uidLabels } from "./job-rules.ts";
import { hostnameWarnings, jobWarnings } from "../warnings/workloads.ts";

const int32Max = 2 ** 31 - 1;

export const jobs = defineResource<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  categories: ["all"],
  schema: "io.k8s.api.batch.v1.Job",
  hasGeneration: true,
  // As upstream: who does not say otherwise keeps the pods.
  defaultPropagation: "Orphan",
  applyDefaults,
  prepareForCreate(job) {
    job.status = {};
    if (job.spec !== undefined && job.spec.manualSelector !== true) generateSelector(job, job.spec);
    inheritLabels(job);
  },
  validate: jobErrors,
  validateUpdate: jobUpdateErrors,
  warnings: (job, previous) => [...hostnameWarnings("Pod names and hostnames", job, previous), ...jobWarnings("spec", job.spec, job, previous)],
  subresources: { status: statusStrategy<Job>(jobStatusUpdateErrors) },
  columns: [
    nameColumn,
    column<Job>("Status", "What becomes of it.", statusText),
    column<Job>("Completions", "Pods that succeeded of those wanted.", completionsText),
    column<Job>("Duration", "How long it ran.", durationText),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
  selectableFields: ({ status }) => ({ "status.successful": String(status?.succeeded ?? 0) }),
  selector: ({ spec }) => indexSelector(spec?.selector),
});

type Spec = NonNullable<Job["spec"]>;

function applyDefaults(job: Job): void {
  const { spec } = job;
  if (spec === undefined) return;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : int32Max;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const condition of rule.onPodConditions ?? []) condition.status ||= "True";
  }
  inheritLabels(job);
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
}

/** A Job without labels is labelled like its pods. Mutates. */
function inheritLabels(job: Job): void {
  const labels = job.spec?.template?.metadata?.labels;
  if (labels !== undefined && job.metadata?.labels === undefined) job.metadata = { ...job.metadata, labels: { ...labels } };
}

/** Labels that the author chose stay: if they contradict the Job, it is refused. Mutates. */
function generateSelector({ metadata = {} }: Job, spec: Spec): void {
  const own = [...nameLabels.map((key) => [key, metadata.name ?? ""]), ...uidLabels.map((key) => [key, metadata.uid ?? ""])];
  const { metadata: templateMetadata } = spec.template ?? {};
  spec.template = { ...spec.template, metadata: { ...templateMetadata, labels: { ...Object.fromEntries(own), ...templateMetadata?.labels } } };
  spec.selector = { ...spec.selector, matchLabels: { "batch.kubernetes.io/controller-uid": metadata.uid ?? "", ...spec.selector?.matchLabels } };
}

function statusText({ metadata, status }: Stored<Job>): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type && condition.status === "True") === true;
  const ended = ["Complete", "Failed"].find(has);
  if (ended !== undefined) return ended;
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(has) ?? "Running";
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, now: number): string {
  const { startTime, completionTime } = status ?? {};
  if (startTime === undefined) return "";
  return humanDuration((completionTime === undefined ? now : Date.parse(completionTime)) - Date.parse(startTime));
}
