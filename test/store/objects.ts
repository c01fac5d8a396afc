/** Small objects for the store's tests: the store looks at keys and indexes alone. */
import type { ObjectIndex, ObjectKey, WriteOperation } from "../../worker/storage/store.ts";

let uids = 0;
let texts = 0;

export function indexOf(key: ObjectKey, more: Partial<ObjectIndex> = {}): ObjectIndex {
  const [, namespace = "", name = ""] = key.split("/");
  const fields = { "metadata.name": name, "metadata.namespace": namespace };
  return { uid: `uid-${++uids}`, labels: {}, fields, terms: [], generation: 1, isDeleting: false, isSettled: true, ...more };
}

/** No two are alike, so that a write can be told from its repetition. */
export function textOf(value: string): string {
  return JSON.stringify({ metadata: { name: "x" }, value, serial: ++texts });
}

export function create(key: ObjectKey, value = "", index: Partial<ObjectIndex> = {}): Extract<WriteOperation, { verb: "create" }> {
  return { verb: "create", key, text: textOf(value), index: indexOf(key, index) };
}

export function update(key: ObjectKey, revision: number, value = "", index: Partial<ObjectIndex> = {}): Extract<WriteOperation, { verb: "update" }> {
  return { verb: "update", key, text: textOf(value), index: indexOf(key, index), expect: { revision } };
}

export function remove(key: ObjectKey, expect: { revision?: number; uid?: string } = {}): WriteOperation {
  return { verb: "delete", key, expect };
}
