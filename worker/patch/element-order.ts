/** The order of a merged list after `$setElementOrder`. */

export interface ElementOrder {
  merged: unknown[];
  /** Identities in the order that the patch asks for. */
  wanted: unknown[];
  /** Identities in the order of the list before the merge. */
  before: unknown[];
  /** An element's merge key, or the element itself in lists of scalars. */
  identify(element: unknown): unknown;
}

/**
 * Elements that the patch names come in its order; those that only the server has keep theirs, each before the first
 * named element that followed it in the old list.
 */
export function orderElements({ merged, wanted, before, identify }: ElementOrder): unknown[] {
  const at = (list: unknown[], element: unknown): number => list.indexOf(identify(element));
  const isNamed = (element: unknown): boolean => at(wanted, element) !== -1;
  const named = merged.filter(isNamed).sort((a, b) => at(wanted, a) - at(wanted, b));
  const own = merged.filter((element) => !isNamed(element)).sort((a, b) => at(before, a) - at(before, b));
  const result: unknown[] = [];
  for (const element of named) {
    const place = at(before, element);
    while (own.length > 0 && place !== -1 && at(before, own[0]) !== -1 && at(before, own[0]) < place) result.push(own.shift());
    result.push(element);
  }
  return [...result, ...own];
}
