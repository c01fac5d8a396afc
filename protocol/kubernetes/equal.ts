/** Deep equality of parsed JSON: the order of keys does not matter, an undefined field is an absent one. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, at) => isEqual(item, right[at]));
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  for (const key in left) if (left[key] !== undefined && !isEqual(left[key], ownOf(right, key))) return false;
  for (const key in right) if (right[key] !== undefined && ownOf(left, key) === undefined) return false;
  return true;
}

/** An object of parsed JSON: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const ownOf = (object: Record<string, unknown>, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);
