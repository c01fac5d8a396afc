/** The paths that a value has: all of them, as who creates it owns them, or those that a configuration states. */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { emptySet, leaf, nodeOf, type FieldSet } from "./field-set.ts";
import { itemsByElement, type ItemsShape } from "./items.ts";
import { fieldElement } from "./path-element.ts";
import { childShape, noShape, type Shape } from "./shape.ts";

/** Every path of a value that is new, the value's own included. */
export function allPaths(shape: Shape, value: unknown): FieldSet {
  if (isRecord(value)) {
    if (shape.kind === "leaf") return leaf;
    const children: Record<string, FieldSet> = { ".": leaf };
    let isOnlySelf = true;
    for (const name of Object.keys(value)) {
      if (value[name] === undefined) continue;
      children[fieldElement(name)] = allPaths(childShape(shape, name) ?? noShape, value[name]);
      isOnlySelf = false;
    }
    return isOnlySelf ? leaf : children;
  }
  if (!Array.isArray(value) || value.length === 0 || !isItems(shape)) return leaf;
  const children: Record<string, FieldSet> = { ".": leaf };
  for (const [element, items] of itemsByElement(shape, value)) {
    children[element] = items.length === 1 && shape.kind === "list" ? allPaths(shape.item(), items[0]) : leaf;
  }
  return children;
}

export const isItems = (shape: Shape): shape is ItemsShape => shape.kind === "set" || shape.kind === "list";

/** The paths that an applied configuration owns: what it says, and not the objects that only hold what it says. */
export function statedPaths(shape: Shape, config: unknown): FieldSet {
  return statedNode(shape, config) ?? emptySet;
}

/** Undefined: nothing is said here. */
function statedNode(shape: Shape, value: unknown): FieldSet | undefined {
  if (isRecord(value)) return shape.kind === "leaf" ? leaf : statedFields(shape, value);
  if (Array.isArray(value)) return isItems(shape) ? statedItems(shape, value) : leaf;
  // A null of something that is owned by its parts says nothing by itself.
  return value === null && shape.kind !== "leaf" ? undefined : leaf;
}

function statedFields(shape: Shape, value: Record<string, unknown>): FieldSet | undefined {
  const children: Record<string, FieldSet> = {};
  for (const name of Object.keys(value)) {
    if (value[name] === undefined) continue;
    const node = statedNode(childShape(shape, name) ?? noShape, value[name]);
    const isOwnMember = shape.kind !== "struct" || isNothing(value[name]);
    const own = isOwnMember ? asMember(node) : node;
    if (own !== undefined) children[fieldElement(name)] = own;
  }
  return nodeOf(false, children);
}

function statedItems(shape: ItemsShape, list: readonly unknown[]): FieldSet | undefined {
  const children: Record<string, FieldSet> = {};
  for (const [element, items] of itemsByElement(shape, list)) {
    const inner = items.length === 1 && shape.kind === "list" ? statedNode(shape.item(), items[0]) : undefined;
    children[element] = asMember(inner);
  }
  return nodeOf(false, children);
}

function asMember(node: FieldSet | undefined): FieldSet {
  return node === undefined ? leaf : (nodeOf(true, withoutSelf(node)) ?? leaf);
}

function withoutSelf({ ".": _self, ...children }: FieldSet): FieldSet {
  return children;
}

/** An explicit nothing is owned although it has no parts. */
function isNothing(value: unknown): boolean {
  return value === null || (isRecord(value) && Object.keys(value).length === 0);
}
