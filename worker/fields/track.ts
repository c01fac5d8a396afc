/** Ownership after a write that is no apply: who changes a field owns it, and nobody else does any more. */
import { changed, compare, withoutFields } from "./compare.ts";
import { difference, isEmpty, union, type FieldSet } from "./field-set.ts";
import { ownedByNobody } from "./ignored.ts";
import { capped, isSameManager, losing, sorted, type ManagerEntry, type ManagerIdentity } from "./managers.ts";
import type { Shape } from "./shape.ts";

/** Who writes, and how. */
export interface Writer extends ManagerIdentity {
  /** RFC 3339, whole seconds. */
  time: string;
  /** Fields that this way of writing cannot change. */
  unwritable: FieldSet;
}

export interface Change {
  /** An empty object, of what is new. */
  before: unknown;
  after: unknown;
}

/** The entries after the change; the very same list if it changed nothing that anybody can own. */
export function track(shape: Shape, entries: readonly ManagerEntry[], { before, after }: Change, writer: Writer): readonly ManagerEntry[] {
  const comparison = withoutFields(compare(shape, before, after), writer.unwritable);
  const taken = difference(changed(comparison), ownedByNobody);
  if (isEmpty(taken) && isEmpty(comparison.removed)) return entries;
  const others = losing(losing(entries, taken), comparison.removed);
  return isEmpty(taken) ? sorted(others) : sorted(capped(withPaths(others, taken, writer)));
}

function withPaths(entries: ManagerEntry[], taken: FieldSet, { unwritable: _, ...writer }: Writer): ManagerEntry[] {
  const own = entries.find((entry) => isSameManager(entry, writer));
  const fieldsV1 = own === undefined ? taken : union(own.fieldsV1, taken);
  return [...entries.filter((entry) => entry !== own), { ...writer, fieldsType: "FieldsV1", fieldsV1 }];
}
