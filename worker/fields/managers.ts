/** Who owns what: the entries of `metadata.managedFields`, one per manager, operation, subresource (and, of updates, version). */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { difference, emptySet, isEmpty, leaf, union, type FieldSet } from "./field-set.ts";
import { canonicalElement } from "./path-element.ts";

export interface ManagerEntry {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  /** RFC 3339, whole seconds. */
  time?: string;
  fieldsType: "FieldsV1";
  fieldsV1: FieldSet;
  subresource?: string;
}

export type ManagerIdentity = Pick<ManagerEntry, "manager" | "operation" | "apiVersion" | "subresource">;

/** Updates of two versions are two managers; an applier is one, whatever version it applies. */
export function isSameManager(left: ManagerIdentity, right: ManagerIdentity): boolean {
  const isSame = left.manager === right.manager && left.operation === right.operation && (left.subresource ?? "") === (right.subresource ?? "");
  return isSame && (left.operation === "Apply" || left.apiVersion === right.apiVersion);
}

/** Entries as a client or an older write left them; undefined if one of them is none (upstream then takes the stored ones). */
export function decodeEntries(value: unknown): ManagerEntry[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const entries = value.map(decodeEntry);
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

function decodeEntry(value: unknown): ManagerEntry | undefined {
  if (!isRecord(value)) return undefined;
  const { manager, operation, apiVersion, time, fieldsType, fieldsV1 = {}, subresource } = value;
  if (operation !== "Apply" && operation !== "Update") return undefined;
  if (typeof apiVersion !== "string" || apiVersion === "" || fieldsType !== "FieldsV1") return undefined;
  const set = decodeSet(fieldsV1);
  if (set === undefined) return undefined;
  return {
    manager: typeof manager === "string" ? manager : "",
    operation,
    apiVersion,
    ...(typeof time === "string" ? { time } : {}),
    fieldsType,
    fieldsV1: set,
    ...(typeof subresource === "string" && subresource !== "" ? { subresource } : {}),
  };
}

/** Elements that a later version may know and this one does not are left out, as upstream. */
function decodeSet(value: unknown): FieldSet | undefined {
  if (!isRecord(value)) return undefined;
  const set: Record<string, FieldSet> = {};
  for (const key of Object.keys(value)) {
    const element = key === "." ? key : canonicalElement(key);
    if (element === undefined) continue;
    const node = decodeSet(value[key] ?? {});
    if (node === undefined) return undefined;
    set[element] = node;
  }
  // A path with nothing below has one form only.
  return Object.keys(set).length === 1 && "." in set ? leaf : set;
}

/** A list that is empty, or holds one empty entry, asks to forget all ownership. */
export function isReset(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > 1) return false;
  return value.length === 0 || (isRecord(value[0]) && Object.keys(value[0]).length === 0);
}

/** All managers lose these paths; who has nothing left is gone. */
export function losing(entries: readonly ManagerEntry[], lost: FieldSet): ManagerEntry[] {
  if (isEmpty(lost)) return [...entries];
  return entries.flatMap((entry) => {
    const fieldsV1 = difference(entry.fieldsV1, lost);
    return isEmpty(fieldsV1) ? [] : [fieldsV1 === entry.fieldsV1 ? entry : { ...entry, fieldsV1 }];
  });
}

export function ownedBy(entries: readonly ManagerEntry[]): FieldSet {
  return entries.reduce((set, entry) => union(set, entry.fieldsV1), emptySet);
}

/** Upstream's order: appliers first, then by time, manager, version, subresource. */
export function sorted(entries: ManagerEntry[]): ManagerEntry[] {
  return entries.sort((a, b) =>
    order(a.operation, b.operation) || order(a.time ?? "", b.time ?? "") || order(a.manager, b.manager)
    || order(a.apiVersion, b.apiVersion) || order(a.subresource ?? "", b.subresource ?? ""));
}

const updatersLimit = 10;
const ancient = "ancient-changes";

/** At most ten managers of updates: the oldest of a version are merged into one, `ancient-changes`. */
export function capped(entries: ManagerEntry[]): ManagerEntry[] {
  const updaters = entries.filter(({ operation }) => operation === "Update");
  const excess = updaters.length - updatersLimit;
  if (excess <= 0) return entries;
  updaters.sort((a, b) => order(ageOf(a), ageOf(b)) || order(a.manager, b.manager));
  const merged = mergeOldest(updaters, excess);
  const kept = entries.filter((entry) => entry.operation !== "Update" || !merged.taken.has(entry));
  return [...kept, ...merged.buckets.values()];
}

/** What was merged before is the oldest, whenever that was. */
const ageOf = ({ manager, time }: ManagerEntry): string => (manager === ancient ? "" : (time ?? ""));

/** Of `excess + 1` entries of a version, one is made; other versions have their own bucket. */
function mergeOldest(updaters: ManagerEntry[], excess: number): { buckets: Map<string, ManagerEntry>; taken: Set<ManagerEntry> } {
  const buckets = new Map<string, ManagerEntry>();
  const taken = new Set<ManagerEntry>();
  const firsts = new Map<string, ManagerEntry>();
  let left = excess;
  for (const entry of updaters) {
    if (left === 0) break;
    const { apiVersion, time } = entry;
    const first = firsts.get(apiVersion);
    if (first === undefined) {
      firsts.set(apiVersion, entry);
      continue;
    }
    const { subresource: _, ...before } = buckets.get(apiVersion) ?? first;
    taken.add(first).add(entry);
    const fieldsV1 = union(entry.fieldsV1, before.fieldsV1);
    buckets.set(apiVersion, { ...before, manager: ancient, fieldsV1, ...(time === undefined ? {} : { time }) });
    left -= 1;
  }
  return { buckets, taken };
}

function order(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
