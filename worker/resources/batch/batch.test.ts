import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { created, errorsOf, rowOf, updateErrorsOf } from "../testing.ts";
import { parseSchedule } from "./cron-schedule.ts";

const podSpec = { restartPolicy: "Never", containers: [{ name: "c", image: "i:1" }] };
const job = (spec: object = {}, pod: object = {}): KubernetesObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "x", namespace: "ns" },
  spec: { template: { spec: { ...podSpec, ...pod } }, ...spec },
});
const cronJob = (spec: object, name: string = "x"): KubernetesObject => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: { name, namespace: "ns" },
  spec: { schedule: "0 * * * *", jobTemplate: { spec: { template: { spec: podSpec } } }, ...spec },
});
const failing = (rule: object) => job({ podFailurePolicy: { rules: [{ action: "FailJob", ...rule }] } });
const indexed = { completionMode: "Indexed", completions: 3 };

describe("is refused", () => {
  const rows: [sentence: string, object: KubernetesObject, errors: string[]][] = [
    ["a Job whose pods never end", job({}, { restartPolicy: "Always" }), ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']],
    ["less than no pods", job({ parallelism: -1 }), ["spec.parallelism: Invalid value: -1: must be greater than or equal to 0"]],
    ["an indexed Job without an end", job({ completionMode: "Indexed", parallelism: 1 }), ["spec.completions: Required value: when completion mode is Indexed"]],
    ["a limit for each index where there is none", job({ backoffLimitPerIndex: 1 }), ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"]],
    ["failed indexes without a limit for each", job({ ...indexed, maxFailedIndexes: 1 }), ["spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified"]],
    ["a selector that is not the Job's own", job({ selector: { matchLabels: { a: "b" } } }), [expect.stringMatching(/`selector` does not match template `labels`/) as unknown as string, expect.stringMatching(/`selector` not auto-generated/) as unknown as string]],
    ["a failure of success", failing({ onExitCodes: { operator: "In", values: [0] } }), ["spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator"]],
    ["a failure of nothing", failing({}), ['spec.podFailurePolicy.rules[0]: Invalid value: "": specifying one of OnExitCodes and OnPodConditions is required']],
    ["a schedule of four fields", cronJob({ schedule: "* * * *" }), ['spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]']],
    ["no schedule", cronJob({ schedule: "" }), ["spec.schedule: Required value"]],
    ["a zone within the schedule", cronJob({ schedule: "TZ=UTC 0 * * * *" }), ['spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead']],
    ["a zone that is nowhere", cronJob({ timeZone: "Moon/Base" }), ['spec.timeZone: Invalid value: "Moon/Base": unknown time zone Moon/Base']],
    ["whatever zone the server is in", cronJob({ timeZone: "Local" }), ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones']],
    ["an empty zone", cronJob({ timeZone: "" }), ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']],
    ["a policy that is none", cronJob({ concurrencyPolicy: "Sometimes" }), ['spec.concurrencyPolicy: Unsupported value: "Sometimes": supported values: "Allow", "Forbid", "Replace"']],
    ["a name that leaves its Jobs no room", cronJob({}, "x".repeat(53)), [`metadata.name: Invalid value: "${"x".repeat(53)}": must be no more than 52 characters`]],
    ["a selector for Jobs to come", cronJob({ jobTemplate: { spec: { selector: {}, template: { spec: podSpec } } } }), ["spec.jobTemplate.spec.selector: Forbidden: `selector` will be auto-generated"]],
  ];
  it.each(rows)("%s", (_, object, errors) => {
    expect(errorsOf(object)).toEqual(errors);
  });
});

it("a Job's pods carry its name and uid, and it selects them by the uid", () => {
  const labels = { "job-name": "x", "controller-uid": "uid-1", "batch.kubernetes.io/job-name": "x", "batch.kubernetes.io/controller-uid": "uid-1" };
  expect(created(job())).toMatchObject({
    metadata: { labels },
    spec: {
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "uid-1" } },
      template: { metadata: { labels } },
      completions: 1, parallelism: 1, backoffLimit: 6, completionMode: "NonIndexed", suspend: false, podReplacementPolicy: "TerminatingOrFailed",
    },
    status: {},
  });
});

it("a Job that selects by hand keeps its selector", () => {
  const own = job({ manualSelector: true, selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: podSpec } });
  expect(created(own)).toMatchObject({ spec: { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } } } } });
  expect(errorsOf(own)).toEqual([]);
});

describe("a change of a Job", () => {
  // What a client got back and sends again: with the labels and the selector that the create added.
  const whole = (spec: object, pod: object = {}): KubernetesObject => {
    const { spec: generated } = created(job()) as { spec?: { template: object; selector: object } };
    return job({ selector: generated?.selector, ...spec, template: { ...generated?.template, spec: { ...podSpec, ...pod } } });
  };
  const rows: [sentence: string, next: KubernetesObject, previous: KubernetesObject, errors: unknown[]][] = [
    ["of its pace is fine", whole({ parallelism: 2, completions: 1 }), job(), []],
    ["of its end is not", whole({ parallelism: 1, completions: 2 }), job(), ["spec.completions: Invalid value: 2: field is immutable"]],
    ["of its template is not", whole({}, { nodeSelector: { a: "b" } }), job(), [expect.stringMatching(/^spec\.template: Invalid value: .*: field is immutable$/)]],
    ["of where its pods run is, while it waits", whole({ suspend: true }, { nodeSelector: { a: "b" } }), job({ suspend: true }), []],
  ];
  it.each(rows)("%s", (_, next, previous, errors) => {
    expect(updateErrorsOf(next, previous)).toEqual(errors);
  });
});

describe("a Job's row", () => {
  const rows: [sentence: string, status: object, spec: object, cells: object][] = [
    ["runs", { succeeded: 1, startTime: "2025-12-31T23:59:00Z" }, {}, { Status: "Running", Completions: "1/1", Duration: "60s" }],
    ["has ended", { succeeded: 1, startTime: "2025-12-31T23:00:00Z", completionTime: "2025-12-31T23:10:00Z", conditions: [{ type: "Complete", status: "True" }] }, {}, { Status: "Complete", Duration: "10m" }],
    ["waits", { conditions: [{ type: "Suspended", status: "True" }] }, {}, { Status: "Suspended", Duration: "" }],
    ["works off a queue", { succeeded: 0 }, { parallelism: 3 }, { Completions: "0/1 of 3" }],
  ];
  it.each(rows)("says that it %s", (_, status, spec, cells) => {
    expect(rowOf({ ...created(job(spec)), status })).toMatchObject(cells);
  });
});

it("a CronJob's row says when it runs and ran", () => {
  expect(rowOf(created(cronJob({})))).toMatchObject({ Schedule: "0 * * * *", Timezone: "<none>", Suspend: "False", Active: 0, "Last Schedule": "<none>", Containers: "c", Images: "i:1" });
  expect(rowOf({ ...created(cronJob({ timeZone: "Europe/Berlin", suspend: true })), status: { active: [{}], lastScheduleTime: "2025-12-31T23:00:00Z" } })).toMatchObject({ Timezone: "Europe/Berlin", Suspend: "True", Active: 1, "Last Schedule": "60m" });
});

describe("a schedule", () => {
  const good: [text: string, schedule: object][] = [
    ["*/15 0-6/2 1,15 jan-mar MON", { minutes: [0, 15, 30, 45], hours: [0, 2, 4, 6], days: [1, 15], months: [1, 2, 3], weekdays: [1], isAnyDay: false, isAnyWeekday: false }],
    ["50/5 * * * *", { minutes: [50, 55], isAnyDay: true, isAnyWeekday: true }],
    ["@weekly", { minutes: [0], hours: [0], weekdays: [0], isAnyDay: true }],
    ["@every 1h30m", { everyMs: 5_400_000 }],
    ["@every 1500ms", { everyMs: 1000 }],
  ];
  it.each(good)("%s is understood", (text, schedule) => {
    expect(parseSchedule(text)).toMatchObject({ ok: true, schedule });
  });

  const bad: [text: string, message: string][] = [
    ["", "empty spec string"],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "too many slashes: 1/2/3"],
    ["x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ["@sometimes", "unrecognized descriptor: @sometimes"],
    ["@every soon", 'failed to parse duration @every soon: time: invalid duration "soon"'],
  ];
  it.each(bad)("%s is not", (text, message) => {
    expect(parseSchedule(text)).toEqual({ ok: false, message });
  });
});
