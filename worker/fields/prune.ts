/** What a manager drops: fields and items that it applied last time and not this time, and that nobody else owns. */
import { difference, emptySet, intersection, isEmpty, nodeOf, union, type FieldSet } from "./field-set.ts";
import type { InVersion } from "./in-version.ts";
import { statedPaths } from "./paths.ts";
import { removePaths } from "./remove.ts";
import { childShape, noShape, type Shape } from "./shape.ts";

export interface Prune {
  /** The live object with the new configuration merged in. */
  merged: unknown;
  /** What the manager owned by its last apply. */
  last: FieldSet;
  /** What all managers own, the applying one by its new configuration. */
  owned: FieldSet;
}

/**
 * Three steps, as upstream: everything of the last time goes; what somebody owns comes back with all that leads to it;
 * so does what the manager never owned and that went only because it was below.
 */
export function prune(shape: Shape, { merged, last, owned }: Prune): unknown {
  if (isEmpty(last)) return merged;
  const lastPaths = withFields(shape, last);
  const all = withFields(shape, statedPaths(shape, merged));
  const left = (value: unknown): FieldSet => withFields(shape, statedPaths(shape, value));
  const bare = removePaths(shape, merged, lastPaths);
  const ownedAgain = removePaths(shape, merged, difference(all, union(left(bare), withFields(shape, owned))));
  return removePaths(shape, merged, intersection(difference(all, left(ownedAgain)), lastPaths));
}

/** Of an object whose managers speak of it in several versions; `last` in one, what is owned in each of its own. */
export interface PruneVersions {
  merged: unknown;
  /** That of `merged`, and of the result. */
  apiVersion: string;
  last: { apiVersion: string; fields: FieldSet };
  owned: ReadonlyMap<string, FieldSet>;
  inVersion: InVersion;
}

/** The same three steps, the second one version after the other; as it is, if the last apply's version is gone. */
export function pruneVersions({ merged, apiVersion, last, owned, inVersion }: PruneVersions): unknown {
  const start = inVersion(merged, last.apiVersion);
  if (isEmpty(last.fields) || start === undefined) return merged;
  const allOf = (shape: Shape, value: unknown): FieldSet => withFields(shape, statedPaths(shape, value));
  const lastPaths = withFields(start.shape, last.fields);
  let [whole, left] = [start.value, removePaths(start.shape, start.value, lastPaths)];
  // The last apply's own version first: what was dropped may be needed to convert at all.
  for (const version of [...owned.keys()].sort((a, b) => Number(b === last.apiVersion) - Number(a === last.apiVersion))) {
    const [all, some] = [inVersion(whole, version), inVersion(left, version)];
    if (all === undefined || some === undefined) continue;
    const kept = union(allOf(some.shape, some.value), withFields(all.shape, owned.get(version) ?? emptySet));
    [whole, left] = [all.value, removePaths(all.shape, all.value, difference(allOf(all.shape, all.value), kept))];
  }
  const remaining = allOf(start.shape, inVersion(left, last.apiVersion)?.value);
  const dropped = intersection(difference(allOf(start.shape, start.value), remaining), lastPaths);
  return inVersion(removePaths(start.shape, start.value, dropped), apiVersion)?.value;
}

/** With every declared field that a path goes through: who owns `a.b` must not lose `a`. Items and map keys stay out. */
function withFields(shape: Shape, set: FieldSet): FieldSet {
  return fieldsIn(shape, set, false) ?? set;
}

function fieldsIn(shape: Shape, node: FieldSet, isInSet: boolean): FieldSet | undefined {
  const children: Record<string, FieldSet> = {};
  for (const element of Object.keys(node)) {
    const child = node[element];
    if (element === "." || child === undefined) continue;
    if (isEmpty(child)) children[element] = child;
    else {
      const name = element.startsWith("f:") ? element.slice(2) : undefined;
      const isDeclared = name !== undefined && shape.kind === "struct" && shape.members.has(name);
      children[element] = fieldsIn(below(shape, name), child, isDeclared || child["."] !== undefined) ?? child;
    }
  }
  return nodeOf(isInSet, children);
}

function below(shape: Shape, name: string | undefined): Shape {
  if (name !== undefined) return childShape(shape, name) ?? noShape;
  return shape.kind === "list" ? shape.item() : noShape;
}
