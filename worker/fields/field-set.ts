/**
 * Sets of field paths in the form that the API itself writes them (`fieldsV1`), and their algebra. A path is a chain of
 * path elements (./path-element.ts); `{}` at its end says that the path is in the set, `"."` says it of a path that
 * others go through:
 *
 *     { "f:metadata": { "f:labels": { ".": {}, "f:app": {} } } }   →   .metadata.labels, .metadata.labels.app
 *
 * Sets are never changed: what the operations return shares parts with what they were given.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const emptySet: FieldSet = {};

/** A path that is in the set and has nothing below. */
export const leaf: FieldSet = {};

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether the path that leads to this node is in the set. */
export const isMember = (node: FieldSet): boolean => node["."] !== undefined || isEmpty(node);

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(left)) return right;
  return isEmpty(right) ? left : (combined(left, right, either) ?? emptySet);
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  return isEmpty(left) || isEmpty(right) ? emptySet : (combined(left, right, both) ?? emptySet);
}

/** The paths of `left` that are not in `right`; paths below those of `right` stay. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  return isEmpty(left) || isEmpty(right) ? left : (combined(left, right, onlyLeft) ?? emptySet);
}

/** The paths of `left` that are neither in `right` nor below one that is. */
export function without(left: FieldSet, right: FieldSet): FieldSet {
  return isEmpty(right) ? left : (pruned(left, right) ?? emptySet);
}

function pruned(node: FieldSet, right: FieldSet): FieldSet | undefined {
  if (isEmpty(node)) return node;
  const children: Record<string, FieldSet> = {};
  for (const element of Object.keys(node)) {
    const [mine, theirs] = [node[element], right[element]];
    if (element === "." || mine === undefined) continue;
    if (theirs === undefined) children[element] = mine;
    else if (!isMember(theirs)) addChild(children, element, pruned(mine, theirs));
  }
  return nodeOf(node["."] !== undefined, children);
}

export function isSame(left: FieldSet, right: FieldSet): boolean {
  return isEmpty(difference(left, right)) && isEmpty(difference(right, left));
}

export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.[element];
  return node !== undefined && path.length > 0 && isMember(node);
}

/** Every path of the set, in no order. */
export function* pathsOf(set: FieldSet, above: readonly string[] = []): Generator<readonly string[]> {
  for (const element of Object.keys(set)) {
    if (element === ".") continue;
    const path = [...above, element];
    const node = set[element] ?? leaf;
    if (isMember(node)) yield path;
    yield* pathsOf(node, path);
  }
}

/** Which paths stay, by whether each set has them. */
type Rule = (inLeft: boolean, inRight: boolean) => boolean;
const either: Rule = (inLeft, inRight) => inLeft || inRight;
const both: Rule = (inLeft, inRight) => inLeft && inRight;
const onlyLeft: Rule = (inLeft, inRight) => inLeft && !inRight;

/** Undefined: no path of this node or below stays. At the top, where `.` is never written, that is the empty set. */
function combined(left: FieldSet | undefined, right: FieldSet | undefined, rule: Rule): FieldSet | undefined {
  if (left === undefined) return right !== undefined && rule(false, true) ? right : undefined;
  if (right === undefined) return rule(true, false) ? left : undefined;
  const children: Record<string, FieldSet> = {};
  for (const element of Object.keys(left)) {
    if (element !== ".") addChild(children, element, combined(left[element], right[element], rule));
  }
  for (const element of Object.keys(right)) {
    if (element !== "." && left[element] === undefined) addChild(children, element, combined(undefined, right[element], rule));
  }
  return nodeOf(rule(isMember(left), isMember(right)), children);
}

function addChild(children: Record<string, FieldSet>, element: string, node: FieldSet | undefined): void {
  if (node !== undefined) children[element] = node;
}

export function nodeOf(isInSet: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmpty(children)) return isInSet ? leaf : undefined;
  return isInSet ? { ".": leaf, ...children } : children;
}

/** A set that is built path by path; each path is a chain of elements from the top. */
export class SetBuilder {
  readonly #root: Record<string, FieldSet> = {};
  /** Nodes of its own making; what was grafted may be shared. */
  readonly #own = new WeakSet<FieldSet>();

  /** Puts a whole node where the path leads; what is there already stays. */
  graft(path: readonly string[], node: FieldSet): void {
    let at = this.#root;
    for (const element of path.slice(0, -1)) at = this.#descend(at, element);
    const last = path.at(-1) ?? "";
    const there = at[last];
    at[last] = there === undefined ? node : (combined(there, node, either) ?? node);
  }

  set(): FieldSet {
    return this.#root;
  }

  #descend(at: Record<string, FieldSet>, element: string): Record<string, FieldSet> {
    const found = at[element];
    if (found !== undefined && this.#own.has(found)) return found;
    const own = found === undefined ? {} : isEmpty(found) ? { ".": leaf } : { ...found };
    this.#own.add(own);
    at[element] = own;
    return own;
  }
}
