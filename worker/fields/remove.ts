/** A value without the fields and items that a set names, with all that is below them. */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { setOwn } from "../patch/json.ts";
import { isMember, type FieldSet } from "./field-set.ts";
import { elementOf, type ItemsShape } from "./items.ts";
import { isItems } from "./paths.ts";
import { fieldElement } from "./path-element.ts";
import { childShape, noShape, type Shape } from "./shape.ts";

/** Changes nothing that it is given. What loses all its parts is left empty: whoever owns it by itself keeps it. */
export function removePaths(shape: Shape, value: unknown, set: FieldSet): unknown {
  if (isRecord(value) && shape.kind !== "leaf") return removeFields(shape, value, set);
  if (Array.isArray(value) && isItems(shape)) return removeItems(shape, value, set);
  return value;
}

function removeFields(shape: Shape, value: Record<string, unknown>, set: FieldSet): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const node = set[fieldElement(name)];
    if (node === undefined) setOwn(result, name, value[name]);
    else if (!isMember(node)) setOwn(result, name, removePaths(childShape(shape, name) ?? noShape, value[name], node));
  }
  return result;
}

function removeItems(shape: ItemsShape, list: readonly unknown[], set: FieldSet): unknown[] {
  const item = shape.kind === "list" ? shape.item() : noShape;
  return list.flatMap((one) => {
    const node = set[elementOf(shape, one) ?? ""];
    if (node === undefined) return [one];
    return isMember(node) ? [] : [removePaths(item, one, node)];
  });
}
