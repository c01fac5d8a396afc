/** Kubernetes' functions on lists. https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-list-library */
import type { Environment } from "@marcbachmann/cel-js";

type Ordered = bigint | number | string;

export function registerLists(environment: Environment): void {
  environment
    .registerFunction("list<A>.isSorted(): bool", (list: Ordered[]) => list.every((item, at) => at === 0 || compare(list[at - 1]!, item) <= 0)) // at > 0
    .registerFunction("list<A>.sum(): A", sum)
    .registerFunction("list<A>.min(): A", (list: Ordered[]) => extreme(list, "min", (a, b) => compare(a, b) < 0))
    .registerFunction("list<A>.max(): A", (list: Ordered[]) => extreme(list, "max", (a, b) => compare(a, b) > 0))
    .registerFunction("list<A>.indexOf(A): int", (list: unknown[], item: unknown) => BigInt(list.findIndex((one) => isSame(one, item))))
    .registerFunction("list<A>.lastIndexOf(A): int", (list: unknown[], item: unknown) => BigInt(list.findLastIndex((one) => isSame(one, item))))
    .registerFunction("list<A>.reverse(): list<A>", (list: unknown[]) => list.toReversed())
    .registerFunction("list<A>.slice(int, int): list<A>", slice)
    .registerFunction("list<A>.distinct(): list<A>", (list: unknown[]) => list.filter((item, at) => list.findIndex((one) => isSame(one, item)) === at))
    .registerFunction("list<A>.sort(): list<A>", (list: Ordered[]) => list.toSorted(compare))
    .registerFunction("list.flatten(): list", (list: unknown[]) => list.flat());
}

function compare(a: Ordered, b: Ordered): number {
  if (typeof a === "object" && typeof b === "object" && (a as object) instanceof Date) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function sum(list: (bigint | number | { addDuration(other: unknown): unknown })[]): unknown {
  const [first, ...rest] = list;
  if (first === undefined) return 0n;
  return rest.reduce<unknown>((total, item) => plus(total, item), first);
}

function plus(a: unknown, b: unknown): unknown {
  if (typeof a === "bigint" && typeof b === "bigint") return a + b;
  if (typeof a === "object" && a !== null && "addDuration" in a) return (a as { addDuration(other: unknown): unknown }).addDuration(b);
  return Number(a) + Number(b);
}

function extreme(list: Ordered[], name: string, isBetter: (a: Ordered, b: Ordered) => boolean): Ordered {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return rest.reduce((best, item) => (isBetter(item, best) ? item : best), first);
}

function slice(list: unknown[], start: bigint, end: bigint): unknown[] {
  if (start < 0n || end < start || end > BigInt(list.length)) throw new Error(`cannot slice(${start}, ${end}), list is length ${list.length}`);
  return list.slice(Number(start), Number(end));
}

/** By value, whatever is inside. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if ((typeof a === "bigint" && typeof b === "number") || (typeof a === "number" && typeof b === "bigint")) return Number(a) === Number(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => isSame(item, b[at]));
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.length > 0
    ? keys.every((key) => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
    : JSON.stringify(a) === JSON.stringify(b);
}
