/** Events of the core group. */
import type { Event, ObjectReference } from "../../../protocol/kubernetes/generated/types.ts";
import { column, nameColumn, wide } from "../columns.ts";
import { defineResource } from "../define.ts";
import { since } from "../duration.ts";
import { eventErrors } from "./event-rules.ts";

export const events = defineResource<Event>({
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  schema: "io.k8s.api.core.v1.Event",
  isCreatedByUpdate: true,
  applyDefaults(event) {
    event.source ??= {};
    event.reportingComponent ??= "";
    event.reportingInstance ??= "";
  },
  validate: eventErrors,
  columns: [
    column<Event>("Last Seen", "Time since it last happened.", (event, now) => since(lastSeen(event), now)),
    column<Event>("Type", "Normal or Warning.", ({ type }) => type ?? ""),
    column<Event>("Reason", "What happened, in a word.", ({ reason }) => reason ?? ""),
    column<Event>("Object", "What it happened to.", ({ involvedObject }) => objectText(involvedObject)),
    column<Event>("Subobject", "The part that it happened to.", ({ involvedObject }) => involvedObject.fieldPath ?? "", wide),
    column<Event>("Source", "Who says so.", sourceText, wide),
    column<Event>("Message", "What happened.", ({ message }) => (message ?? "").trim()),
    column<Event>("First Seen", "Time since it first happened.", (event, now) => since(firstSeen(event), now), wide),
    column<Event>("Count", "How often it happened.", countOf, { type: "integer", priority: 1 }),
    { ...nameColumn, priority: 1 },
  ],
  selectableFields(event) {
    const { involvedObject: about } = event;
    return {
      "involvedObject.kind": about.kind ?? "",
      "involvedObject.namespace": about.namespace ?? "",
      "involvedObject.name": about.name ?? "",
      "involvedObject.uid": about.uid ?? "",
      "involvedObject.apiVersion": about.apiVersion ?? "",
      "involvedObject.resourceVersion": about.resourceVersion ?? "",
      "involvedObject.fieldPath": about.fieldPath ?? "",
      reason: event.reason ?? "",
      reportingComponent: event.reportingComponent || (event.source?.component ?? ""),
      source: event.source?.component || (event.reportingComponent ?? ""),
      type: event.type ?? "",
    };
  },
});

const firstSeen = (event: Event): string | undefined => event.firstTimestamp ?? event.eventTime;
const lastSeen = (event: Event): string | undefined => event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);
function countOf({ series, count }: Event): number {
  return series?.count ?? (count || 1);
}

function objectText({ kind = "", name = "" }: ObjectReference): string {
  return kind === "" ? name : `${kind.toLowerCase()}/${name}`;
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || (reportingComponent ?? "");
  const host = source?.host || (reportingInstance ?? "");
  return host === "" ? component : `${component}, ${host}`;
}
