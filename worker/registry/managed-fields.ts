/**
 * Planning's last step: who owns what of the object that is about to be stored.
 *
 * What kedge's own components create carries no managed fields, so that pods by the hundred cost nothing. Once somebody
 * else writes such an object, the entries that its component would have are made up for it (./component-fields.ts), and
 * from then on every write is tracked, the components' own included.
 */
import type { ManagedFieldsEntry } from "../../protocol/kubernetes/generated/types.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { decodeEntries, isReset, type ManagerEntry } from "../fields/managers.ts";
import { shapeOfType, type Shape } from "../fields/shape.ts";
import { track, type Writer } from "../fields/track.ts";
import { unwritableThrough } from "../fields/ignored.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import { typeSchema } from "../resources/schema.ts";
import { componentEntries, componentOf } from "./component-fields.ts";
import { apiVersionOf } from "./text.ts";
import { timestamp } from "./time.ts";

export function shapeOfResource({ schema, custom }: Resource): Shape {
  const types = custom?.types ?? typeSchema;
  return shapeOfType(types(schema), types);
}

/** Sets `metadata.managedFields`. */
export function trackCreate(resource: Resource, object: KubernetesObject, context: RequestContext): void {
  if (context.managedFields !== undefined) return setFields(object, context.managedFields);
  if (context.fieldManager === undefined) return;
  setFields(object, track(shapeOfResource(resource), [], { before: {}, after: object }, writerOf({ resource, context })));
}

interface Update {
  resource: Resource;
  current: Stored<KubernetesObject>;
  next: KubernetesObject;
  subresource?: string | undefined;
  context: RequestContext;
}

/** Sets `metadata.managedFields` of `next`, where until now stands what the client wants there, if anything. */
export function trackUpdate(update: Update): void {
  const { resource, current, next, subresource, context } = update;
  if (context.managedFields !== undefined) return setFields(next, context.managedFields);
  // A binding is upstream's own write past all tracking.
  const entries = entriesBefore(update);
  if (entries.length === 0 || subresource === "binding") return setFields(next, entries);
  const writer = writerOf({ resource, context, ...(subresource === undefined ? {} : { subresource }) });
  setFields(next, track(shapeOfResource(resource), entries, { before: current, after: next, inVersion: context.inVersion }, writer));
}

/**
 * A client that writes the object itself may set the entries or reset them; what makes no sense there, or is left out,
 * changes nothing. An object that nobody tracks stays so, unless a component made it and somebody else writes it now.
 */
function entriesBefore({ resource, current, next, subresource, context }: Update): readonly ManagerEntry[] {
  const asked = next.metadata?.managedFields;
  const stored = entriesOf(current);
  const isAsking = (subresource ?? "") === "" && asked !== undefined && asked !== current.metadata.managedFields;
  if (isAsking && isReset(asked)) return [];
  if (isAsking && !isEqual(asked, stored)) return decodeEntries(asked) ?? stored;
  if (stored.length > 0 || context.fieldManager === undefined) return stored;
  return componentEntries(resource, current);
}

/** What an apply changed may come out, once decoded and defaulted, as it was: then its time is no change either. */
export function isOnlyLater(next: KubernetesObject, current: Stored<KubernetesObject>): boolean {
  const [after, before] = [entriesOf(next), entriesOf(current)];
  if (after === before || after.length !== before.length || after.length === 0) return false;
  const isSame = after.every((entry) => before.some((other) => isEqual({ ...entry, time: "" }, { ...other, time: "" })));
  return isSame && isEqual({ ...next, metadata: { ...next.metadata, managedFields: [] } }, { ...current, metadata: { ...current.metadata, managedFields: [] } });
}

export function entriesOf(object: KubernetesObject): readonly ManagerEntry[] {
  // Only this module writes them.
  return (object.metadata?.managedFields ?? []) as readonly ManagerEntry[];
}

function setFields(object: KubernetesObject, entries: readonly (ManagerEntry | ManagedFieldsEntry)[]): void {
  const metadata = (object.metadata ??= {});
  if (entries.length === 0) delete metadata.managedFields;
  else metadata.managedFields = entries as ManagedFieldsEntry[];
}

export interface Writing {
  resource: Resource;
  subresource?: string;
  context: RequestContext;
}

/** Who writes by an update. */
export function writerOf({ resource, subresource = "", context }: Writing): Writer {
  return {
    manager: context.fieldManager ?? componentOf(context.user.name),
    operation: "Update",
    apiVersion: apiVersionOf(resource),
    time: timestamp(context.now),
    ...(subresource === "" ? {} : { subresource }),
    unwritable: unwritableThrough(subresource, resource.subresources.status !== undefined),
  };
}
