/** Event objects of controllers. One name for one happening, so that its repetition is a count and not another row. */
import type { Event } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action } from "../../controllers/controller.ts";
import { fnv32a } from "../../controllers/template-hash.ts";
import { timestampOf } from "../../controllers/time.ts";

export type EventAction = Extract<Action, { type: "event" }>;

export function eventOf({ about, event }: EventAction, now: number): Event {
  const { namespace = "default", name, uid, resourceVersion } = about.metadata;
  const identity = [uid, event.component, event.type, event.reason, event.message].join("\n");
  const suffix = [fnv32a(identity), fnv32a(`${identity}\n`)].map((hash) => hash.toString(16).padStart(8, "0")).join("");
  const time = timestampOf(now);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name}.${suffix}`, namespace },
    involvedObject: {
      ...(about.kind === undefined ? {} : { kind: about.kind }),
      ...(about.apiVersion === undefined ? {} : { apiVersion: about.apiVersion }),
      ...(about.metadata.namespace === undefined ? {} : { namespace: about.metadata.namespace }),
      name,
      uid,
      resourceVersion,
    },
    reason: event.reason ?? "",
    message: event.message ?? "",
    source: { component: event.component },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    type: event.type ?? "Normal",
    reportingComponent: event.component,
    reportingInstance: "",
  };
}

/** The same event, seen once more. */
export function repeated(event: Stored<Event>, again: Event): Stored<Event> {
  return {
    ...event,
    count: (event.count ?? 1) + 1,
    ...(again.lastTimestamp === undefined ? {} : { lastTimestamp: again.lastTimestamp }),
  };
}
