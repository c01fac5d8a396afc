/** What a manager drops: fields and items that it applied last time and not this time, and that nobody else owns. */
import { difference, intersection, isEmpty, nodeOf, union, type FieldSet } from "./field-set.ts";
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
