/** Kubernetes' semantic equality: an absent field, `null`, an empty list and an empty map are one. */
export function isSame(left: unknown, right: unknown): boolean {
  return canonical(left) === canonical(right);
}

/** One text for equal values: keys sorted, empty parts left out. */
export function canonical(value: unknown): string {
  return JSON.stringify(reduced(value)) ?? "";
}

function reduced(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => reduced(item) ?? null);
  if (typeof value !== "object") return value;
  const entries = Object.entries(value)
    .map(([key, part]): [string, unknown] => [key, reduced(part)])
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
