/** The index of every object, in memory: what is current, in key order, by term, with the values that each one holds. */
import type { Allocation, HistoryRow, ObjectRow } from "./persistence.ts";
import type { Claim, Lookup, ObjectIndex, ObjectKey } from "./store.ts";
import { resourceOf } from "./selection.ts";

const nobody: ReadonlySet<string> = new Set();

export class Catalog implements Lookup {
  readonly #entries = new Map<ObjectKey, ObjectRow>();
  /** Sorted, by resource. */
  readonly #keys = new Map<string, ObjectKey[]>();
  readonly #terms = new Map<string, Set<ObjectKey>>();
  readonly #owners = new Map<string, ObjectKey>();
  readonly #claims = new Map<ObjectKey, Set<string>>();

  constructor(objects: ObjectRow[], allocations: Allocation[]) {
    for (const row of objects) {
      this.#entries.set(row.key, row);
      this.#addTerms(row.key, row.index);
      const keys = this.#keys.get(resourceOf(row.key));
      if (keys === undefined) this.#keys.set(resourceOf(row.key), [row.key]);
      else keys.push(row.key);
    }
    for (const keys of this.#keys.values()) keys.sort(byCodeUnits);
    for (const allocation of allocations) this.claim(claimId(allocation), allocation.owner);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Resource → how many of it there are. */
  counts(): [string, number][] {
    return [...this.#keys].map(([resource, keys]) => [resource, keys.length]);
  }

  entry(key: ObjectKey): ObjectRow | undefined {
    return this.#entries.get(key);
  }

  get(key: ObjectKey): ObjectIndex | undefined {
    return this.#entries.get(key)?.index;
  }

  byTerm(term: string): ReadonlySet<ObjectKey> {
    return this.#terms.get(term) ?? nobody;
  }

  *inNamespace(resource: string, namespace: string): Iterable<[ObjectKey, ObjectIndex]> {
    const { keys, start, end } = this.range(resource, namespace);
    for (let at = start; at < end; at++) {
      const key = keys[at];
      const index = key === undefined ? undefined : this.get(key);
      if (key !== undefined && index !== undefined) yield [key, index];
    }
  }

  *allInNamespace(namespace: string): Iterable<[ObjectKey, ObjectIndex]> {
    for (const resource of this.#keys.keys()) yield* this.inNamespace(resource, namespace);
  }

  /** The sorted keys of a resource, and where those of one namespace (or all) stand among them. */
  range(resource: string, namespace?: string): { keys: readonly ObjectKey[]; start: number; end: number } {
    const keys = this.#keys.get(resource) ?? [];
    if (namespace === undefined) return { keys, start: 0, end: keys.length };
    // "0" follows "/" in ASCII, so it ends the namespace's keys.
    return { keys, start: firstAtOrAfter(keys, `${resource}/${namespace}/`), end: firstAtOrAfter(keys, `${resource}/${namespace}0`) };
  }

  entries(): Iterable<ObjectRow> {
    return this.#entries.values();
  }

  apply({ key, revision, time, after }: HistoryRow): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#removeTerms(key, before.index);
    if (after === undefined) {
      this.#entries.delete(key);
      if (before !== undefined) this.#removeKey(key);
      return;
    }
    this.#entries.set(key, { key, revision, time, index: after });
    this.#addTerms(key, after);
    if (before === undefined) this.#addKey(key);
  }

  owner(id: string): ObjectKey | undefined {
    return this.#owners.get(id);
  }

  claimsOf(key: ObjectKey): Iterable<string> {
    return this.#claims.get(key) ?? nobody;
  }

  claim(id: string, owner: ObjectKey | undefined): void {
    const before = this.#owners.get(id);
    if (before !== undefined) removeFrom(this.#claims, before, id);
    if (owner === undefined) this.#owners.delete(id);
    else {
      this.#owners.set(id, owner);
      addTo(this.#claims, owner, id);
    }
  }

  #addTerms(key: ObjectKey, index: ObjectIndex): void {
    for (const term of index.terms) addTo(this.#terms, term, key);
  }

  #removeTerms(key: ObjectKey, index: ObjectIndex): void {
    for (const term of index.terms) removeFrom(this.#terms, term, key);
  }

  #addKey(key: ObjectKey): void {
    const keys = this.#keys.get(resourceOf(key));
    if (keys === undefined) this.#keys.set(resourceOf(key), [key]);
    else keys.splice(firstAtOrAfter(keys, key), 0, key);
  }

  #removeKey(key: ObjectKey): void {
    const keys = this.#keys.get(resourceOf(key)) ?? [];
    const at = firstAtOrAfter(keys, key);
    if (keys[at] === key) keys.splice(at, 1);
    if (keys.length === 0) this.#keys.delete(resourceOf(key));
  }
}

export function claimId({ kind, value }: Claim): string {
  return `${kind}\0${value}`;
}

export function claimOf(id: string): Claim {
  const at = id.indexOf("\0");
  return { kind: id.slice(0, at), value: id.slice(at + 1) };
}

/** Position of the first key that is not before `key`. */
export function firstAtOrAfter(keys: readonly ObjectKey[], key: ObjectKey): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addTo(map: Map<string, Set<string>>, name: string, member: string): void {
  const set = map.get(name);
  if (set === undefined) map.set(name, new Set([member]));
  else set.add(member);
}

function removeFrom(map: Map<string, Set<string>>, name: string, member: string): void {
  const set = map.get(name);
  set?.delete(member);
  if (set?.size === 0) map.delete(name);
}
