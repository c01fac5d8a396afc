/**
 * Server-side apply: a configuration merged into the live object, its conflicts with what others own, and who owns what
 * afterwards (structured-merge-diff's semantics; Kubernetes documentation, "Server-Side Apply").
 */
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { changed, compare, withoutFields } from "./compare.ts";
import type { Conflict } from "./conflicts.ts";
import { difference, emptySet, intersection, isEmpty, isSame, pathsOf, without, type FieldSet } from "./field-set.ts";
import { ownedByNobody } from "./ignored.ts";
import { isSameManager, ownedBy, sorted, type ManagerEntry } from "./managers.ts";
import type { InVersion } from "./in-version.ts";
import { merge } from "./merge.ts";
import { statedPaths } from "./paths.ts";
import { prune, pruneVersions } from "./prune.ts";
import type { Shape } from "./shape.ts";
import { changesByVersion, losingIn, type ChangesIn, type Writer } from "./track.ts";

export interface Apply {
  live: Record<string, unknown>;
  config: Record<string, unknown>;
  entries: readonly ManagerEntry[];
  applier: Writer;
  /** Paths that the applier takes from others. */
  mayTake: FieldSet | "all";
  /** Absent: the kind's versions have the same fields. */
  inVersion?: InVersion | undefined;
}

export type Applied =
  | { ok: true; object: Record<string, unknown>; entries: ManagerEntry[] }
  | { ok: false; conflicts: Conflict[] };

export function apply(shape: Shape, { live, config, entries, applier, mayTake, inVersion }: Apply): Applied {
  const stated = difference(without(statedPaths(shape, config), applier.unwritable), ownedByNobody);
  const last = entries.find((entry) => isSameManager(entry, applier));
  const others = entries.filter((entry) => entry !== last);
  const merged = merge(shape, live, config);
  // At the top there are always a name and a kind.
  const object = pruned(shape, { merged, last, owners: [...others, entryOf(applier, stated)], applier, inVersion }) as Record<string, unknown>;
  const comparison = withoutFields(compare(shape, live, object), applier.unwritable);
  const taken = changed(comparison);
  const changesIn = changesByVersion({ apiVersion: applier.apiVersion, taken, removed: comparison.removed }, { before: live, after: object, inVersion }, applier.unwritable);
  const conflicts = mayTake === "all" ? [] : conflictsOf(others, changesIn, mayTake);
  if (conflicts.length > 0) return { ok: false, conflicts };
  const isUnchanged = last !== undefined && isSame(last.fieldsV1, stated) && isEqual(live, object);
  const own = isUnchanged ? last : entryOf(applier, stated);
  const left = losingIn(others, changesIn);
  return { ok: true, object, entries: sorted(isEmpty(own.fieldsV1) ? left : [...left, own]) };
}

interface Pruning {
  merged: unknown;
  last: ManagerEntry | undefined;
  /** The applier among them, by what it applies now. */
  owners: ManagerEntry[];
  applier: Writer;
  inVersion: InVersion | undefined;
}

function pruned(shape: Shape, { merged, last, owners, applier: { apiVersion }, inVersion }: Pruning): unknown {
  const isOfOneVersion = [...owners, ...(last === undefined ? [] : [last])].every((entry) => entry.apiVersion === apiVersion);
  if (last === undefined || inVersion === undefined || isOfOneVersion) return prune(shape, { merged, last: last?.fieldsV1 ?? emptySet, owned: ownedBy(owners) });
  const owned = new Map([...Map.groupBy(owners, (entry) => entry.apiVersion)].map(([version, entries]) => [version, ownedBy(entries)] as const));
  return pruneVersions({ merged, apiVersion, last: { apiVersion: last.apiVersion, fields: last.fieldsV1 }, owned, inVersion });
}

function conflictsOf(others: readonly ManagerEntry[], changesIn: ChangesIn, allowed: FieldSet): Conflict[] {
  return others.flatMap((owner) => {
    const contested = difference(intersection(owner.fieldsV1, changesIn(owner.apiVersion)?.taken ?? emptySet), allowed);
    return [...pathsOf(contested)].map((path) => ({ owner, path }));
  });
}

function entryOf({ unwritable: _, ...identity }: Writer, fieldsV1: FieldSet): ManagerEntry {
  return { ...identity, fieldsType: "FieldsV1", fieldsV1 };
}
