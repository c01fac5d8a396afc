/**
 * What the merge needs to know of a type, read from the compact schemas once a type: which values are owned whole and
 * which by their parts. Works on the tables of built-in kinds and on any other of the same form (custom resources).
 */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { typeSchema, type Field, type TypeSchema } from "../resources/schema.ts";

export type Shape = Leaf | Struct | MapShape | SetShape | ListShape | AnyShape;

/** A scalar, or a list or map that is one value (`atomic`). */
export interface Leaf {
  kind: "leaf";
}

/** An object with declared fields. */
export interface Struct {
  kind: "struct";
  members: ReadonlyMap<string, Member>;
  /** Of fields that are not declared; absent: there are none. */
  rest?: AnyShape;
}

export interface Member {
  shape(): Shape;
  /** What Go's type holds even where nobody said anything: a struct that is no pointer, a list that is never omitted. */
  empty: Record<string, never> | never[] | undefined;
}

/** A map whose entries are owned one by one. */
export interface MapShape {
  kind: "map";
  item(): Shape;
}

/** A list of scalars that are owned one by one. */
export interface SetShape {
  kind: "set";
}

/** A list whose items are known by some of their fields. */
export interface ListShape {
  kind: "list";
  /** Sorted. */
  keys: readonly string[];
  /** Stated defaults of keys that an item leaves out. */
  defaults: Readonly<Record<string, unknown>>;
  item(): Shape;
}

/** Nothing is known: objects are owned by their fields, lists and scalars whole. */
export interface AnyShape {
  kind: "any";
}

export type Types = (name: string) => TypeSchema;

const leaf: Leaf = { kind: "leaf" };
const any: AnyShape = { kind: "any" };
const set: SetShape = { kind: "set" };

const ofFields = new WeakMap<Field, Shape>();
const ofTypes = new WeakMap<TypeSchema, Shape>();

/** `types` resolves the references of this field and of all below; a field belongs to one table of types. */
export function shapeOf(field: Field, types: Types = typeSchema): Shape {
  const known = ofFields.get(field);
  if (known !== undefined) return known;
  const shape = makeShape(field, types);
  ofFields.set(field, shape);
  return shape;
}

function makeShape(field: Field, types: Types): Shape {
  if (field.x === "atomic") return leaf;
  if (field.a !== undefined) return listShape(field, field.a, types);
  if (field.m !== undefined) return mapShape(field.m, types);
  if (field.r !== undefined) return shapeOfType(types(field.r), types);
  return field.t === "any" ? any : leaf;
}

export function shapeOfType(type: TypeSchema, types: Types = typeSchema): Shape {
  const known = ofTypes.get(type);
  if (known !== undefined) return known;
  const shape = makeTypeShape(type, types);
  ofTypes.set(type, shape);
  return shape;
}

function makeTypeShape(type: TypeSchema, types: Types): Shape {
  if (type.x === "atomic") return leaf;
  // Any object: upstream's RawExtension, whose parts are owned whole.
  if (type.f === undefined) return { kind: "map", item: () => leaf };
  const members = Object.entries(type.f).map(([name, field]) => [name, memberOf(name, field, { type, types })] as const);
  return { kind: "struct", members: new Map(members), ...(type.p === true ? { rest: any } : {}) };
}

function memberOf(name: string, field: Field, { type, types }: { type: TypeSchema; types: Types }): Member {
  const isNeverOmitted = field.a !== undefined && type.q?.includes(name) === true;
  // Types may hold themselves: resolved when asked for.
  return { shape: () => shapeOf(field, types), empty: isRecord(field.d) ? {} : isNeverOmitted ? [] : undefined };
}

function mapShape(item: Field, types: Types): MapShape {
  return { kind: "map", item: () => shapeOf(item, types) };
}

/** Lists without a list type go by their patch strategy, as upstream reads them. */
function listShape(field: Field, item: Field, types: Types): Shape {
  const merges = field.s?.split(",").includes("merge") === true;
  const listType = field.l ?? (merges ? (field.mk === undefined ? "set" : "map") : "atomic");
  if (listType === "atomic") return leaf;
  if (listType === "set") return set;
  const keys = [...(field.k ?? (field.mk === undefined ? [] : [field.mk]))].sort();
  const fields = item.r === undefined ? {} : (types(item.r).f ?? {});
  const defaults = keys.flatMap((key) => (fields[key]?.d === undefined ? [] : [[key, fields[key].d] as const]));
  return { kind: "list", keys, defaults: Object.fromEntries(defaults), item: () => shapeOf(item, types) };
}

const emptyShape: Struct = { kind: "struct", members: new Map() };

/** The shape of a value below; a struct knows nothing of fields that it does not declare. */
export function childShape(shape: Shape, name: string): Shape | undefined {
  switch (shape.kind) {
    case "struct":
      return shape.members.get(name)?.shape() ?? shape.rest;
    case "map":
      return shape.item();
    case "any":
      return any;
    case "leaf":
    case "set":
    case "list":
      return undefined;
  }
}

export const noShape: Shape = emptyShape;
