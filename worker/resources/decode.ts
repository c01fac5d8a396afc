/**
 * From JSON to an object of a kind, as kube-apiserver's decoder does it: types are checked, unknown fields dropped
 * and named, nulls and empty optional collections dropped, quantities and times made canonical, stated defaults set.
 */
import { goTypeOf, jsonKindOf } from "./go-types.ts";
import { decodeScalar } from "./scalars.ts";
import { typeSchema, type Field, type TypeSchema } from "./schema.ts";

export type DecodeResult<T> =
  /** `unknownFields`: `unknown field "spec.foo"`, in document order; http decides by `fieldValidation`. */
  | { ok: true; object: T; unknownFields: string[] }
  /** Go's text of what cannot be decoded: `json: cannot unmarshal string into Go struct field …`. */
  | { ok: false; message: string; mismatch?: Mismatch };

/** A value, and Go's type of the field that it stands in. */
export interface Mismatch {
  value: unknown;
  type: string;
}

/**
 * Decodes a value as the schema's type. The result shares nothing with the input except verbatim parts (`any`).
 * It is the caller who knows that `T` is the schema's type.
 */
export function decode<T>(schema: string, value: unknown): DecodeResult<T> {
  const walk: Walk = { unknownFields: [] };
  try {
    const object = decodeObject(walk, schema, value, root);
    return { ok: true, object: object as T, unknownFields: walk.unknownFields };
  } catch (error) {
    if (error instanceof Undecodable) return { ok: false, message: error.message, ...(error.mismatch === undefined ? {} : { mismatch: error.mismatch }) };
    throw error;
  }
}

/** `Pod in version "v1" cannot be handled as a Pod: <why>`: the 400 of every decode error. */
export function undecodable(about: { kind: string; apiVersion: string }, why: string): string {
  return `${about.kind} in version "${about.apiVersion.split("/").at(-1)}" cannot be handled as a ${about.kind}: ${why}`;
}

/** `strict decoding error: unknown field "spec.foo", unknown field "x"` */
export function strictDecodingError(problems: string[]): string {
  return `strict decoding error: ${problems.join(", ")}`;
}

class Undecodable extends Error {
  readonly mismatch: Mismatch | undefined;

  constructor(message: string, mismatch?: Mismatch) {
    super(message);
    this.mismatch = mismatch;
  }
}

interface Walk {
  unknownFields: string[];
}

/** Where the walk is: a chain up to the root, made into text only when there is something to say. */
interface Place {
  parent?: Place;
  /** The schema of the struct whose field this is; absent for items and entries. */
  struct?: string;
  field?: string;
  item?: number;
  entry?: string;
}

const root: Place = {};

/** `spec.containers[0].ports` */
function pathOf({ parent, field, item, entry }: Place): string {
  const above = parent === undefined ? "" : pathOf(parent);
  if (item !== undefined) return `${above}[${item}]`;
  const name = field ?? entry ?? "";
  return above === "" ? name : `${above}.${name}`;
}

/** Go's path has fields only: `spec.containers.ports`. */
function fieldsOf({ parent, field }: Place): string[] {
  const above = parent === undefined ? [] : fieldsOf(parent);
  return field === undefined ? above : [...above, field];
}

/** The innermost struct. */
function structOf({ parent, struct }: Place): string {
  return struct ?? (parent === undefined ? "" : structOf(parent));
}

function decodeField(walk: Walk, field: Field, value: unknown, place: Place): unknown {
  if (field.t !== undefined) {
    if (field.t === "string" && typeof value === "string") return value; // by far the most common
    const decoded = decodeScalar(field.t, value);
    if ("value" in decoded) return decoded.value;
    throw "message" in decoded ? new Undecodable(decoded.message) : mismatch(decoded.mismatch, field, { value, place });
  }
  if (field.r !== undefined) return decodeObject(walk, field.r, value, place);
  if (field.a !== undefined) return decodeArray(walk, field, field.a, { value, place });
  if (field.m !== undefined) return decodeMap(walk, field, field.m, { value, place });
  return value;
}

function decodeObject(walk: Walk, name: string, value: unknown, place: Place): Record<string, unknown> {
  if (!isRecord(value)) throw mismatch(jsonKindOf(value), { r: name }, { value, place });
  const type = typeSchema(name);
  if (type.f === undefined) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = value[key];
    const field = Object.hasOwn(type.f, key) ? type.f[key] : undefined;
    if (field === undefined) {
      if (item !== undefined) walk.unknownFields.push(`unknown field "${pathOf({ parent: place, field: key })}"`);
      continue;
    }
    if (item === null || item === undefined) continue;
    const decoded = decodeField(walk, field, item, { parent: place, struct: name, field: key });
    if (type.q?.includes(key) === true || !isOmitted(field, decoded, { name, key })) result[key] = decoded;
  }
  setDefaults(type, result);
  return result;
}

/** What Go's `omitempty` leaves out: empty lists and maps, and empty strings that stand for "not set". */
function isOmitted(field: Field, value: unknown, { name, key }: { name: string; key: string }): boolean {
  if (field.t === "any") return false;
  if (value === "") return !keepsEmptyString.has(`${name}.${key}`);
  // An empty list of managed fields asks to forget them all.
  return key !== "managedFields" && isEmptyCollection(field, value);
}

/** Fields that Go holds as pointers to strings, for which the empty string means something. */
const keepsEmptyString = new Set([
  "io.k8s.api.discovery.v1.EndpointPort.name",
  "io.k8s.api.batch.v1.CronJobSpec.timeZone",
  "io.k8s.api.core.v1.PersistentVolumeClaimSpec.storageClassName",
  "io.k8s.api.core.v1.PersistentVolumeClaimSpec.volumeAttributesClassName",
]);

function isEmptyCollection(field: Field, value: unknown): boolean {
  if (field.a !== undefined) return Array.isArray(value) && value.length === 0;
  if (field.m === undefined || !isRecord(value)) return false;
  for (const _ in value) return false;
  return true;
}

interface Found {
  value: unknown;
  place: Place;
}

function decodeArray(walk: Walk, field: Field, itemField: Field, { value, place }: Found): unknown[] {
  if (!Array.isArray(value)) throw mismatch(jsonKindOf(value), field, { value, place });
  return value.map((item: unknown, at) => {
    const filled = item === null ? zeroOf(itemField) : item;
    return decodeField(walk, itemField, filled, { parent: place, item: at });
  });
}

function decodeMap(walk: Walk, field: Field, entryField: Field, { value, place }: Found): Record<string, unknown> {
  if (!isRecord(value)) throw mismatch(jsonKindOf(value), field, { value, place });
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = value[key] ?? zeroOf(entryField);
    const decoded = decodeField(walk, entryField, item, { parent: place, entry: key });
    // An own property whatever its name.
    if (key === "__proto__") Object.defineProperty(result, key, { value: decoded, enumerable: true, writable: true, configurable: true });
    else result[key] = decoded;
  }
  return result;
}

/** What Go makes of a null in a list or map. */
function zeroOf(field: Field): unknown {
  if (field.r !== undefined || field.m !== undefined) return {};
  if (field.a !== undefined) return [];
  if (field.t === "bool") return false;
  if (field.t === "int32" || field.t === "int64" || field.t === "number" || field.t === "int-or-string") return 0;
  if (field.t === "quantity") return "0";
  return field.t === "any" ? null : "";
}

/**
 * The stated defaults. `{}` stands for a struct that is always there; what that struct states holds in it, too.
 * Computed once a type: which fields have one at all.
 */
function setDefaults(type: TypeSchema, object: Record<string, unknown>): void {
  for (const [key, field] of defaultsOf(type)) {
    if (object[key] === undefined) object[key] = defaultOf(field);
  }
}

function defaultOf(field: Field): unknown {
  if (typeof field.d !== "object" || field.d === null) return field.d;
  const filled = { ...field.d };
  if (field.r !== undefined) setDefaults(typeSchema(field.r), filled);
  return filled;
}

const defaults = new WeakMap<TypeSchema, [string, Field][]>();

function defaultsOf(type: TypeSchema): [string, Field][] {
  const known = defaults.get(type);
  if (known !== undefined) return known;
  const found = Object.entries(type.f ?? {}).filter(([, field]) => field.d !== undefined);
  defaults.set(type, found);
  return found;
}

function mismatch(kind: string, field: Field, { value, place }: Found): Undecodable {
  const path = fieldsOf(place).join(".");
  const type = goTypeOf(field);
  const struct = structOf(place).split(".").at(-1) ?? "";
  const target = path === "" ? "value" : `struct field ${struct}.${path}`;
  return new Undecodable(`json: cannot unmarshal ${kind} into Go ${target} of type ${type}`, { value, type });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
