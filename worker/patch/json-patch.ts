/**
 * JSON Patch (RFC 6902). Errors follow kube-apiserver: a patch that is none is a 400, one that does not apply
 * (a failed `test` included) a 422, and nothing of it is applied.
 */
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { copyOf, getOwn, isObject, setOwn } from "./json.ts";
import type { JsonObject, PatchResult } from "./patch.ts";

const operationsLimit = 10_000;
/** Of all that copies add: copies of copies double with each. As long as a body may be, as upstream. */
const copiedLimit = 3 * 1024 * 1024;

interface Operation {
  op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  path: string;
  from?: string;
  value?: unknown;
}

class DoesNotApply extends Error {}
class TestFailed extends DoesNotApply {}

export function jsonPatch(document: JsonObject, patch: unknown): PatchResult {
  if (!Array.isArray(patch)) return { ok: false, code: 400, message: "error decoding patch: a JSON patch must be an array" };
  if (patch.length > operationsLimit) {
    const message = `The allowed maximum operations in a JSON patch is ${operationsLimit}, got ${patch.length}`;
    return { ok: false, code: 413, message };
  }
  const operations: Operation[] = [];
  for (const item of patch) {
    if (!isOperation(item)) return { ok: false, code: 400, message: `error decoding patch: not an operation: ${JSON.stringify(item)}` };
    operations.push(item);
  }
  return applyAll(document, operations);
}

const names: readonly unknown[] = ["add", "remove", "replace", "move", "copy", "test"] satisfies Operation["op"][];

function isOperation(value: unknown): value is Operation {
  if (!isObject(value) || !names.includes(value["op"]) || !isPointer(value["path"])) return false;
  const needsFrom = value["op"] === "move" || value["op"] === "copy";
  return !needsFrom || isPointer(value["from"]);
}

const isPointer = (value: unknown): boolean => typeof value === "string" && (value === "" || value.startsWith("/"));

function applyAll(document: JsonObject, operations: Operation[]): PatchResult {
  const root: Root = { document: copyOf<unknown>(document), copied: 0 };
  try {
    for (const operation of operations) apply(root, operation);
  } catch (error) {
    if (error instanceof TestFailed) return { ok: false, code: 422, message: error.message, isTestFailed: true };
    if (error instanceof DoesNotApply) return { ok: false, code: 422, message: error.message };
    throw error;
  }
  if (isObject(root.document)) return { ok: true, value: root.document };
  return { ok: false, code: 422, message: "the patched document is not an object" };
}

interface Root {
  document: unknown;
  /** Characters that copies have added. */
  copied: number;
}

function apply(root: Root, operation: Operation): void {
  const { op, path, from = "", value } = operation;
  switch (op) {
    case "add":
      return add(root, op, path, copyOf(value));
    case "remove":
      return remove(root, op, path);
    case "replace":
      get(root, op, path);
      return replace(root, op, path, copyOf(value));
    case "move": {
      const moved = get(root, op, from);
      if (path.startsWith(`${from}/`)) throw new DoesNotApply(`move operation does not apply: ${from} cannot move into itself`);
      remove(root, op, from);
      return add(root, op, path, moved);
    }
    case "copy":
      return add(root, op, path, copied(root, get(root, op, from)));
    case "test":
      if (!isEqual(find(root, path) ?? null, value ?? null)) throw new TestFailed(`testing path ${path} failed`);
  }
}

function copied(root: Root, value: unknown): unknown {
  const text = JSON.stringify(value);
  root.copied += text.length;
  if (root.copied > copiedLimit) {
    throw new DoesNotApply(`Unable to complete the copy, the accumulated size increase of copy is ${root.copied}, exceeding the limit ${copiedLimit}`);
  }
  return JSON.parse(text);
}

const tokensOf = (pointer: string): string[] =>
  pointer.split("/").slice(1).map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The container of a pointer's last token. */
function parentOf(root: Root, op: string, path: string): { parent: unknown; token: string } {
  const tokens = tokensOf(path);
  const token = tokens.pop() ?? "";
  let parent = root.document;
  for (const step of tokens) {
    parent = childOf(parent, step);
    if (parent === undefined) throw missing(op, path);
  }
  return { parent, token };
}

function childOf(container: unknown, token: string): unknown {
  if (Array.isArray(container)) return /^(0|[1-9]\d*)$/.test(token) ? container[Number(token)] : undefined;
  return isObject(container) ? getOwn(container, token) : undefined;
}

function find(root: Root, path: string): unknown {
  let value = root.document;
  for (const token of tokensOf(path)) value = childOf(value, token);
  return value;
}

function get(root: Root, op: string, path: string): unknown {
  const value = find(root, path);
  if (value === undefined) throw missing(op, path);
  return value;
}

function missing(op: string, path: string): DoesNotApply {
  return new DoesNotApply(`${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`);
}

function add(root: Root, op: string, path: string, value: unknown): void {
  if (path === "") {
    root.document = value;
    return;
  }
  const { parent, token } = parentOf(root, op, path);
  if (isObject(parent)) setOwn(parent, token, value);
  else if (Array.isArray(parent)) parent.splice(insertionAt(parent, op, path, token), 0, value);
  else throw missing(op, path);
}

function insertionAt(list: unknown[], op: string, path: string, token: string): number {
  if (token === "-") return list.length;
  const at = /^(0|[1-9]\d*)$/.test(token) ? Number(token) : Number.POSITIVE_INFINITY;
  if (at > list.length) throw new DoesNotApply(`${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: invalid index referenced`);
  return at;
}

function remove(root: Root, op: string, path: string): void {
  get(root, op, path);
  if (path === "") {
    root.document = undefined;
    return;
  }
  const { parent, token } = parentOf(root, op, path);
  if (Array.isArray(parent)) parent.splice(Number(token), 1);
  else if (isObject(parent)) delete parent[token];
}

function replace(root: Root, op: string, path: string, value: unknown): void {
  if (path === "") {
    root.document = value;
    return;
  }
  const { parent, token } = parentOf(root, op, path);
  if (Array.isArray(parent)) parent[Number(token)] = value;
  else if (isObject(parent)) setOwn(parent, token, value);
}
