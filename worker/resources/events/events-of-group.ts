/** Events of the group events.k8s.io: the same objects as the core group's, under the names of KEP-383. */
import type { Event, EventsEvent } from "../../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { defineResource } from "../define.ts";
import { events } from "../core/events.ts";
import type { Conversion } from "../resource.ts";
import { strictEventErrors, strictEventUpdateErrors } from "../core/event-rules.ts";

/** Who writes by the newer group keeps the newer group's rules. */
const strict = defineResource<Event>({ ...events, validateCreate: strictEventErrors, validateUpdate: strictEventUpdateErrors });

/** What has another name there; everything else is called the same in both. */
const names: [own: keyof EventsEvent, stored: keyof Event][] = [
  ["note", "message"],
  ["regarding", "involvedObject"],
  ["reportingController", "reportingComponent"],
  ["deprecatedCount", "count"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedSource", "source"],
];

const ofAbout = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

const conversion: Conversion = {
  stored: strict,
  toStored: (object) => ({ involvedObject: {}, ...renamed(object, new Map(names)) }),
  fromStored: (object) => renamed(object, new Map(names.map(([own, stored]) => [stored, own]))),
  fields: {
    ...Object.fromEntries(ofAbout.map((field) => [`regarding.${field}`, `involvedObject.${field}`])),
    reason: "reason",
    reportingController: "reportingComponent",
    type: "type",
  },
};

function renamed(object: KubernetesObject, to: ReadonlyMap<string, string>): KubernetesObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [to.get(name) ?? name, value]));
}

/** Columns read the stored form. */
function storedForm(object: Stored<KubernetesObject>): Stored<KubernetesObject> {
  return { ...conversion.toStored(object), metadata: object.metadata };
}

export const eventsOfGroup = defineResource<EventsEvent>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  schema: "io.k8s.api.events.v1.Event",
  isCreatedByUpdate: true,
  columns: events.columns.map((column) => ({ ...column, cell: (object, now) => column.cell(storedForm(object), now) })),
  conversion,
});
