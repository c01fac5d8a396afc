/**
 * Server-side apply: a configuration merged into the live object, its conflicts with what others own, and who owns what
 * afterwards (structured-merge-diff's semantics; Kubernetes documentation, "Server-Side Apply").
 */
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { changed, compare, withoutFields } from "./compare.ts";
import type { Conflict } from "./conflicts.ts";
import { difference, emptySet, intersection, isEmpty, isSame, pathsOf, without, type FieldSet } from "./field-set.ts";
import { ownedByNobody } from "./ignored.ts";
import { isSameManager, losing, ownedBy, sorted, type ManagerEntry } from "./managers.ts";
import { merge } from "./merge.ts";
import { statedPaths } from "./paths.ts";
import { prune } from "./prune.ts";
import type { Shape } from "./shape.ts";
import type { Writer } from "./track.ts";

export interface Apply {
  live: Record<string, unknown>;
  config: Record<string, unknown>;
  entries: readonly ManagerEntry[];
  applier: Writer;
  /** Paths that the applier takes from others. */
  mayTake: FieldSet | "all";
}

export type Applied =
  | { ok: true; object: Record<string, unknown>; entries: ManagerEntry[] }
  | { ok: false; conflicts: Conflict[] };

export function apply(shape: Shape, { live, config, entries, applier, mayTake }: Apply): Applied {
  const stated = difference(without(statedPaths(shape, config), applier.unwritable), ownedByNobody);
  const last = entries.find((entry) => isSameManager(entry, applier));
  const others = entries.filter((entry) => entry !== last);
  const merged = merge(shape, live, config);
  const owned = ownedBy([...others, entryOf(applier, stated)]);
  // At the top there are always a name and a kind.
  const object = prune(shape, { merged, last: last?.fieldsV1 ?? emptySet, owned }) as Record<string, unknown>;
  const comparison = withoutFields(compare(shape, live, object), applier.unwritable);
  const taken = changed(comparison);
  const conflicts = mayTake === "all" ? [] : conflictsOf(others, taken, mayTake);
  if (conflicts.length > 0) return { ok: false, conflicts };
  const isUnchanged = last !== undefined && isSame(last.fieldsV1, stated) && isEqual(live, object);
  const own = isUnchanged ? last : entryOf(applier, stated);
  const left = losing(losing(others, taken), comparison.removed);
  return { ok: true, object, entries: sorted(isEmpty(own.fieldsV1) ? left : [...left, own]) };
}

function conflictsOf(others: readonly ManagerEntry[], taken: FieldSet, allowed: FieldSet): Conflict[] {
  return others.flatMap((owner) => {
    const contested = difference(intersection(owner.fieldsV1, taken), allowed);
    return [...pathsOf(contested)].map((path) => ({ owner, path }));
  });
}

function entryOf({ unwritable: _, ...identity }: Writer, fieldsV1: FieldSet): ManagerEntry {
  return { ...identity, fieldsType: "FieldsV1", fieldsV1 };
}
