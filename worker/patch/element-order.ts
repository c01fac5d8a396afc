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
  const inPatch = positions(wanted);
  const onServer = positions(before);
  const wantedAt = (element: unknown): number => inPatch.get(identify(element)) ?? -1;
  const serverAt = (element: unknown): number => onServer.get(identify(element)) ?? -1;
  const named = merged.filter((element) => wantedAt(element) !== -1).sort((a, b) => wantedAt(a) - wantedAt(b));
  const own = merged.filter((element) => wantedAt(element) === -1).sort((a, b) => serverAt(a) - serverAt(b));
  const result: unknown[] = [];
  let next = 0;
  for (const element of named) {
    const place = serverAt(element);
    while (next < own.length && place !== -1 && serverAt(own[next]) !== -1 && serverAt(own[next]) < place) result.push(own[next++]);
    result.push(element);
  }
  return [...result, ...own.slice(next)];
}

/** Where each identity is first. */
function positions(identities: unknown[]): Map<unknown, number> {
  const found = new Map<unknown, number>();
  identities.forEach((identity, at) => {
    if (!found.has(identity)) found.set(identity, at);
  });
  return found;
}
