/** CronJobs. */
import type { Container, CronJob } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn, selectorText, wide } from "../columns.ts";
import { defaultPodSpec } from "../core/pod-defaults.ts";
import { defineResource } from "../define.ts";
import { since } from "../duration.ts";
import type { FieldError } from "../resource.ts";
import { forbidden, invalid, nonNegative, notSupported, oneOf, required } from "../rules/field-errors.ts";
import { statusStrategy } from "../status-strategy.ts";
import { parseSchedule } from "./cron-schedule.ts";
import { jobSpecErrors } from "./job-rules.ts";
import { hostnameWarnings, jobWarnings } from "../warnings/workloads.ts";

export const cronJobs = defineResource<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  plural: "cronjobs",
  shortNames: ["cj"],
  categories: ["all"],
  schema: "io.k8s.api.batch.v1.CronJob",
  hasGeneration: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.concurrencyPolicy ??= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    const podSpec = spec.jobTemplate?.spec?.template?.spec;
    if (podSpec !== undefined) defaultPodSpec(podSpec);
  },
  prepareForCreate(cronJob) {
    cronJob.status = {};
  },
  validate: cronJobErrors,
  warnings: (cronJob, previous) => [
    ...hostnameWarnings("Pod names and hostnames", cronJob, previous),
    ...jobWarnings("spec.jobTemplate.spec", cronJob.spec?.jobTemplate.spec, cronJob, previous),
  ],
  subresources: { status: statusStrategy<CronJob>() },
  columns: [
    nameColumn,
    column<CronJob>("Schedule", "When it runs.", ({ spec }) => spec?.schedule ?? ""),
    column<CronJob>("Timezone", "The time zone of its schedule.", ({ spec }) => spec?.timeZone ?? "<none>"),
    column<CronJob>("Suspend", "Whether it rests.", ({ spec }) => (spec?.suspend === undefined ? "<unset>" : spec.suspend ? "True" : "False"), { type: "boolean" }),
    column<CronJob>("Active", "Jobs that run.", ({ status }) => (status?.active ?? []).length, integer),
    column<CronJob>("Last Schedule", "Time since it last ran.", ({ status }, now) => (status?.lastScheduleTime === undefined ? "<none>" : since(status.lastScheduleTime, now))),
    ageColumn,
    column<CronJob>("Containers", "Names of the template's containers.", (cronJob) => containersOf(cronJob).map(({ name }) => name).join(","), wide),
    column<CronJob>("Images", "Images of the template's containers.", (cronJob) => containersOf(cronJob).map(({ image }) => image).join(","), wide),
    column<CronJob>("Selector", "Which pods belong to its Jobs.", ({ spec }) => selectorText(spec?.jobTemplate?.spec?.selector), wide),
  ],
});

function containersOf({ spec }: CronJob): Container[] {
  return spec?.jobTemplate?.spec?.template?.spec?.containers ?? [];
}

const policies = ["Allow", "Forbid", "Replace"];
/** Its Jobs are called `<name>-<minutes since the epoch>`. */
const nameLimit = 52;

function cronJobErrors({ metadata, spec }: CronJob): FieldError[] {
  if (spec === undefined) return [required("spec.schedule")];
  const name = metadata?.name ?? "";
  return [
    ...(name.length > nameLimit ? [invalid("metadata.name", name, "must be no more than 52 characters")] : []),
    ...scheduleErrors(spec.schedule, spec.timeZone),
    ...nonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds),
    ...oneOf("spec.concurrencyPolicy", spec.concurrencyPolicy, policies),
    ...nonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit),
    ...nonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit),
    ...templateErrors(spec.jobTemplate),
  ];
}

function scheduleErrors(schedule: string, timeZone: string | undefined): FieldError[] {
  if (schedule === "") return [required("spec.schedule"), ...zoneErrors(timeZone)];
  if (schedule.includes("TZ")) {
    const why = timeZone === undefined
      ? "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
      : "cannot use both timeZone field and TZ or CRON_TZ in schedule";
    return [invalid("spec.schedule", schedule, why), ...zoneErrors(timeZone)];
  }
  const parsed = parseSchedule(schedule);
  return [...(parsed.ok ? [] : [invalid("spec.schedule", schedule, parsed.message)]), ...zoneErrors(timeZone)];
}

function zoneErrors(zone: string | undefined): FieldError[] {
  if (zone === undefined) return [];
  if (zone === "") return [invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string")];
  if (zone.toLowerCase() === "local") {
    return [invalid("spec.timeZone", zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")];
  }
  return isTimeZone(zone) ? [] : [invalid("spec.timeZone", zone, `unknown time zone ${zone}`)];
}

/** Offsets (`+02:00`) are zones to the platform, but not to Kubernetes. */
function isTimeZone(zone: string): boolean {
  if (/^[+-]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function templateErrors({ spec }: NonNullable<CronJob["spec"]>["jobTemplate"]): FieldError[] {
  const path = "spec.jobTemplate.spec";
  if (spec === undefined) return [required(`${path}.template`)];
  return [
    ...(spec.selector === undefined ? [] : [forbidden(`${path}.selector`, "`selector` will be auto-generated")]),
    ...(spec.manualSelector === true ? [notSupported(`${path}.manualSelector`, true, ["nil", "false"])] : []),
    ...jobSpecErrors(path, spec),
  ];
}
