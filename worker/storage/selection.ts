/** Whether an object belongs to a list or a watch, told from its index alone. */
import { matchesFields, matchesLabels } from "../../protocol/selectors.ts";
import type { ChangeType, ObjectIndex, ObjectKey, Selection } from "./store.ts";

/** Every resource; only together with a term. */
export const everyResource = "*";

export function resourceOf(key: ObjectKey): string {
  return key.slice(0, key.indexOf("/"));
}

export function namespaceOf(key: ObjectKey): string {
  const start = key.indexOf("/") + 1;
  return key.slice(start, key.indexOf("/", start));
}

export function isSelected(selection: Selection, key: ObjectKey, index: ObjectIndex): boolean {
  if (selection.resource !== everyResource && resourceOf(key) !== selection.resource) return false;
  if (selection.namespace !== undefined && namespaceOf(key) !== selection.namespace) return false;
  if (selection.term !== undefined && !index.terms.includes(selection.term)) return false;
  return matchesLabels(selection.labels ?? [], index.labels) && matchesFields(selection.fields ?? [], index.fields);
}

/** What a change is to those who look at a selection: an object that stops matching is gone, one that begins is new. */
export function seenAs(
  selection: Selection,
  { key, before, after }: { key: ObjectKey; before?: ObjectIndex; after?: ObjectIndex },
): ChangeType | undefined {
  const was = before !== undefined && isSelected(selection, key, before);
  const is = after !== undefined && isSelected(selection, key, after);
  if (is) return was ? "MODIFIED" : "ADDED";
  return was ? "DELETED" : undefined;
}
