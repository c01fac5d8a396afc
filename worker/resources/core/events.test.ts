import { describe, expect, test } from "vitest";
import type { Event } from "../../../protocol/kubernetes/generated/types.ts";
import { eventsOfGroup } from "../events/events-of-group.ts";
import { eventErrors, strictEventErrors, strictEventUpdateErrors } from "./event-rules.ts";
import type { FieldError } from "../resource.ts";

const newer: Event = {
  metadata: { name: "e", namespace: "default" },
  involvedObject: { kind: "Pod", name: "web", namespace: "default" },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingComponent: "example.com/c",
  reportingInstance: "c-1",
  action: "Starting",
  reason: "Started",
  message: "up",
  type: "Normal",
};
const older: Event = { metadata: newer.metadata, involvedObject: newer.involvedObject };

const sentences = (errors: FieldError[]): string[] => errors.map(({ path, message }) => `${path}: ${message}`);

test("the newer group's names stand for the older one's, there and back", () => {
  const served = {
    metadata: newer.metadata,
    regarding: { kind: "Pod", name: "web" },
    note: "up",
    reportingController: "c",
    deprecatedCount: 2,
    deprecatedSource: { component: "c" },
    series: { count: 2, lastObservedTime: "2026-01-01T00:00:00.000000Z" },
  };
  const stored = eventsOfGroup.conversion?.toStored(served) ?? {};
  expect(stored).toMatchObject({ involvedObject: { kind: "Pod", name: "web" }, message: "up", reportingComponent: "c", count: 2, source: { component: "c" } });
  expect(eventsOfGroup.conversion?.fromStored(stored)).toEqual(served);
});

test("an event that says nothing of its object is about an object without a name", () => {
  expect(eventsOfGroup.conversion?.toStored({ note: "x" })).toEqual({ involvedObject: {}, message: "x" });
});

describe("the core group's rules", () => {
  test.each<[string, Event, string[]]>([
    ["an event of the old form", older, []],
    ["an event of the new form", newer, []],
    ["a cluster-wide object's in default", { ...older, involvedObject: { kind: "Node", name: "n" } }, []],
    ["a cluster-wide object's elsewhere", { ...older, metadata: { namespace: "kube-system" }, involvedObject: { kind: "Node", name: "n" } }, ['involvedObject.namespace: Invalid value: "": does not match event.namespace']],
    ["the new form's of a node in kube-system", { ...newer, metadata: { namespace: "kube-system" }, involvedObject: { kind: "Node" } }, []],
    ["the new form without its words", { ...older, eventTime: newer.eventTime ?? "" }, ["reportingController: Required value", 'reportingController: Invalid value: "": name part must be non-empty', expect.stringContaining("reportingController"), "reportingInstance: Required value", "action: Required value", "reason: Required value"] as string[]],
    ["a message that is too long", { ...newer, message: "x".repeat(1025) }, ['message: Invalid value: "": can have at most 1024 characters']],
  ])("%s", (_what, event, errors) => {
    expect(sentences(eventErrors(event))).toEqual(errors);
  });
});

describe("the newer group's rules for a new event", () => {
  test.each<[string, Event, string[]]>([
    ["take what has everything", newer, []],
    ["want a time and a type", older, ["eventTime: Required value", 'type: Invalid value: "": has invalid value: ']],
    ["refuse the older fields", { ...newer, count: 1, firstTimestamp: "2026-01-01T00:00:00Z", source: { component: "x" } }, ['firstTimestamp: Invalid value: "": needs to be unset', 'count: Invalid value: "": needs to be unset', 'source: Invalid value: "": needs to be unset']],
    ["want a series of two", { ...newer, series: { count: 1 } }, ['series.count: Invalid value: "": should be at least 2', "series.lastObservedTime: Required value"]],
  ])("%s", (_what, event, errors) => {
    expect(sentences(strictEventErrors(event))).toEqual(errors);
  });
});

test("of an event only the series goes on", () => {
  const series = { count: 2, lastObservedTime: "2026-01-01T00:01:00.000000Z" };
  expect(strictEventUpdateErrors({ ...newer, series }, newer)).toEqual([]);
  expect(sentences(strictEventUpdateErrors({ ...newer, message: "down", reportingComponent: "d" }, newer))).toEqual([
    'message: Invalid value: "down": field is immutable',
    'reportingController: Invalid value: "d": field is immutable',
  ]);
});
