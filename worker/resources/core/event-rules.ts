/** Rules of Events: lenient for the core group's (legacy), strict for who writes through events.k8s.io. */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { Event } from "../../../protocol/kubernetes/generated/types.ts";
import type { FieldError } from "../resource.ts";
import { immutableField } from "../rules/data-rules.ts";
import { invalid, invalidFor, required } from "../rules/field-errors.ts";
import { qualifiedNameErrors } from "../rules/names.ts";

const longestWord = 128;
const longestMessage = 1024;

/** An event with an `eventTime` is of the new form, which says more. */
export function eventErrors(event: Event): FieldError[] {
  return event.eventTime === undefined ? agreementErrors(event, ["default"]) : newFormErrors(event);
}

function newFormErrors(event: Event): FieldError[] {
  const { reportingComponent = "", reportingInstance, action, reason, message = "" } = event;
  const isAbroad = (event.involvedObject.namespace ?? "") === "";
  return [
    ...(isAbroad ? agreementErrors(event, ["default", "kube-system"]) : []),
    ...(reportingComponent === "" ? [required("reportingController")] : []),
    ...invalidFor("reportingController", reportingComponent, qualifiedNameErrors(reportingComponent)),
    ...wordErrors("reportingInstance", reportingInstance),
    ...wordErrors("action", action),
    ...wordErrors("reason", reason),
    ...(message.length > longestMessage ? [invalid("message", "", `can have at most ${longestMessage} characters`)] : []),
  ];
}

function wordErrors(path: string, word = ""): FieldError[] {
  if (word === "") return [required(path)];
  return word.length > longestWord ? [invalid(path, "", `can have at most ${longestWord} characters`)] : [];
}

/** An event lies in its object's namespace; those of objects without one lie in one of `homes`. */
function agreementErrors({ metadata, involvedObject }: Event, homes: string[]): FieldError[] {
  const about = involvedObject.namespace ?? "";
  const own = metadata.namespace ?? "";
  if (about === "" ? homes.includes(own) : own === about) return [];
  return [invalid("involvedObject.namespace", about, "does not match event.namespace")];
}

/** What a new event of events.k8s.io has to keep beyond the rules for all. */
export function strictEventErrors(event: Event): FieldError[] {
  const { eventTime, type = "", firstTimestamp, lastTimestamp, count = 0, source } = event;
  const unset = (path: string, isSet: boolean) => (isSet ? [invalid(path, "", "needs to be unset")] : []);
  return [
    ...seriesErrors(event),
    ...(eventTime === undefined ? [required("eventTime")] : []),
    ...(type === "Normal" || type === "Warning" ? [] : [invalid("type", "", `has invalid value: ${type}`)]),
    ...unset("firstTimestamp", firstTimestamp !== undefined),
    ...unset("lastTimestamp", lastTimestamp !== undefined),
    ...unset("count", count !== 0),
    ...unset("source", Boolean(source?.component) || Boolean(source?.host)),
  ];
}

function seriesErrors({ series }: Event): FieldError[] {
  if (series === undefined) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid("series.count", "", "should be at least 2")] : []),
    ...(series.lastObservedTime === undefined ? [required("series.lastObservedTime")] : []),
  ];
}

const lasting = [
  "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "type", "eventTime", "action",
  "related", "reportingComponent", "reportingInstance",
] as const satisfies (keyof Event)[];

/** Only the series of an event goes on. */
export function strictEventUpdateErrors(next: Event, previous: Event): FieldError[] {
  return [
    ...(isEqual(next.series, previous.series) ? [] : seriesErrors(next)),
    ...lasting.flatMap((field) => immutableField(field === "reportingComponent" ? "reportingController" : field, next[field], previous[field])),
  ];
}
