/** Ownership after a write that is no apply: who changes a field owns it, and nobody else does any more. */
import { changed, compare, withoutFields } from "./compare.ts";
import { difference, isEmpty, union, type FieldSet } from "./field-set.ts";
import { ownedByNobody } from "./ignored.ts";
import { capped, isSameManager, losing, sorted, type ManagerEntry, type ManagerIdentity } from "./managers.ts";
import type { InVersion } from "./in-version.ts";
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
  /** Absent: the kind's versions have the same fields. */
  inVersion?: InVersion | undefined;
}

/** The entries after the change; the very same list if it changed nothing that anybody can own. */
export function track(shape: Shape, entries: readonly ManagerEntry[], change: Change, writer: Writer): readonly ManagerEntry[] {
  const { before, after } = change;
  const comparison = withoutFields(compare(shape, before, after), writer.unwritable);
  const taken = difference(changed(comparison), ownedByNobody);
  if (isEmpty(taken) && isEmpty(comparison.removed)) return entries;
  const others = losingIn(entries, changesByVersion({ apiVersion: writer.apiVersion, taken, removed: comparison.removed }, change, writer.unwritable));
  return isEmpty(taken) ? sorted(others) : sorted(capped(withPaths(others, taken, writer)));
}

export interface Changes {
  /** Paths that have another value now. */
  taken: FieldSet;
  removed: FieldSet;
}

/** A change in the words of each version; undefined: the version is gone. */
export type ChangesIn = (apiVersion: string) => Changes | undefined;

/** `own`: as it is in the writer's version. */
export function changesByVersion(own: Changes & { apiVersion: string }, { before, after, inVersion }: Change, unwritable: FieldSet): ChangesIn {
  const known = new Map<string, Changes | undefined>([[own.apiVersion, own]]);
  return (apiVersion) => {
    if (inVersion === undefined || known.has(apiVersion)) return inVersion === undefined ? own : known.get(apiVersion);
    const [old, next] = [inVersion(before, apiVersion), inVersion(after, apiVersion)];
    const comparison = old === undefined || next === undefined ? undefined : withoutFields(compare(next.shape, old.value, next.value), unwritable);
    const changes = comparison && { taken: difference(changed(comparison), ownedByNobody), removed: comparison.removed };
    known.set(apiVersion, changes);
    return changes;
  };
}

export function losingIn(entries: readonly ManagerEntry[], changesIn: ChangesIn): ManagerEntry[] {
  return entries.flatMap((entry) => {
    const changes = changesIn(entry.apiVersion);
    return changes === undefined ? [] : losing(losing([entry], changes.taken), changes.removed);
  });
}

function withPaths(entries: ManagerEntry[], taken: FieldSet, { unwritable: _, ...writer }: Writer): ManagerEntry[] {
  const own = entries.find((entry) => isSameManager(entry, writer));
  const fieldsV1 = own === undefined ? taken : union(own.fieldsV1, taken);
  return [...entries.filter((entry) => entry !== own), { ...writer, fieldsType: "FieldsV1", fieldsV1 }];
}
