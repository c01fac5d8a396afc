/** What a write changed, as paths: by these, ownership moves. */
import { isEqual, isRecord } from "../../protocol/kubernetes/equal.ts";
import { getOwn } from "../patch/json.ts";
import { leaf, SetBuilder, union, without, type FieldSet } from "./field-set.ts";
import { itemsByElement, type ItemsShape } from "./items.ts";
import { allPaths, isItems } from "./paths.ts";
import { fieldElement } from "./path-element.ts";
import { childShape, noShape, type Shape } from "./shape.ts";

export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

/** Absent and undefined are the same. Fields that a type always has are no news when they are still empty. */
export function compare(shape: Shape, before: unknown, after: unknown): Comparison {
  const found: Found = { added: new SetBuilder(), modified: new SetBuilder(), removed: new SetBuilder(), path: [] };
  compareValues(found, shape, before, after);
  return { added: found.added.set(), modified: found.modified.set(), removed: found.removed.set() };
}

/** Leaves out fields that this write cannot change, such as `status` through the object itself. */
export function withoutFields(comparison: Comparison, fields: FieldSet): Comparison {
  const { added, modified, removed } = comparison;
  return { added: without(added, fields), modified: without(modified, fields), removed: without(removed, fields) };
}

/** Paths that have another value now. */
export const changed = ({ added, modified }: Comparison): FieldSet => union(modified, added);

interface Found {
  added: SetBuilder;
  modified: SetBuilder;
  removed: SetBuilder;
  /** Where the walk is. */
  path: string[];
}

function compareValues(found: Found, shape: Shape, before: unknown, after: unknown): void {
  if (before === after) return;
  if (before === undefined) found.added.graft(found.path, allPaths(shape, after));
  else if (after === undefined) found.removed.graft(found.path, allPaths(shape, before));
  else if (shape.kind === "leaf" || isNothing(before) && isNothing(after)) compareLeaves(found, before, after);
  else if (isRecordOrNull(before) && isRecordOrNull(after)) compareFields(found, shape, before ?? {}, after ?? {});
  else if (isItems(shape) && isListOrNull(before) && isListOrNull(after)) compareItems(found, shape, before ?? [], after ?? []);
  else compareLeaves(found, before, after);
}

function compareLeaves(found: Found, before: unknown, after: unknown): void {
  if (!isEqual(before, after)) found.modified.graft(found.path, leaf);
}

function compareFields(found: Found, shape: Shape, before: Record<string, unknown>, after: Record<string, unknown>): void {
  for (const name of Object.keys(before)) compareField(found, shape, name, { before: before[name], after: getOwn(after, name) });
  for (const name of Object.keys(after)) {
    if (!Object.hasOwn(before, name)) compareField(found, shape, name, { before: undefined, after: after[name] });
  }
}

function compareField(found: Found, shape: Shape, name: string, { before, after }: { before: unknown; after: unknown }): void {
  if (before === after) return;
  const empty = shape.kind === "struct" ? shape.members.get(name)?.empty : undefined;
  found.path.push(fieldElement(name));
  compareValues(found, childShape(shape, name) ?? noShape, before === undefined ? empty : before, after === undefined ? empty : after);
  found.path.pop();
}

function compareItems(found: Found, shape: ItemsShape, before: readonly unknown[], after: readonly unknown[]): void {
  const [left, right] = [itemsByElement(shape, before), itemsByElement(shape, after)];
  const item = shape.kind === "list" ? shape.item() : noShape;
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    found.path.push(element);
    compareSameItems(found, item, left.get(element) ?? [], right.get(element) ?? []);
    found.path.pop();
  }
}

/** Items that stand there more than once are owned as one. */
function compareSameItems(found: Found, shape: Shape, before: readonly unknown[], after: readonly unknown[]): void {
  if (before.length < 2 && after.length < 2) return compareValues(found, shape, before[0], after[0]);
  if (before.length > 1 && after.length > 1) return compareLeaves(found, before, after);
  if (before.length > 1) {
    if (after.length > 0) compareValues(found, shape, undefined, after[0]);
    return found.removed.graft(found.path, leaf);
  }
  if (before.length > 0) compareValues(found, shape, before[0], undefined);
  found.added.graft(found.path, leaf);
}

const isRecordOrNull = (value: unknown): value is Record<string, unknown> | null => value === null || isRecord(value);
const isListOrNull = (value: unknown): value is unknown[] | null => value === null || Array.isArray(value);

function isNothing(value: unknown): boolean {
  if (value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}
