/** The compact schemas (./generated), parsed once, when first needed. */
import { schemas } from "./generated/schemas.ts";

/** How a value is checked. `time` and `micro-time` are RFC 3339; `bytes` is base64; `any` is kept as it is. */
export type Scalar =
  | "string" | "int32" | "int64" | "number" | "bool" | "any"
  | "bytes" | "time" | "micro-time" | "quantity" | "int-or-string";

/** A field's type: exactly one of `t` (scalar), `r` (reference), `a` (array of), `m` (map of). */
export interface Field {
  t?: Scalar;
  r?: string;
  a?: Field;
  m?: Field;
  /** The default that the OpenAPI states. */
  d?: unknown;
  /** List type and its map keys (server-side apply, structured merge). */
  l?: "atomic" | "set" | "map";
  k?: string[];
  /** Strategic merge: `merge`, `replace`, `retainKeys`, `merge,retainKeys`, and the key that items merge by. */
  s?: string;
  mk?: string;
  /** An atomic map. */
  x?: "atomic";
}

export interface TypeSchema {
  /** Fields; absent: any object. */
  f?: Record<string, Field>;
  /** Required ones. */
  q?: string[];
  x?: "atomic";
  /** Fields that are not declared are kept, of any type (custom resources). */
  p?: true;
}

let parsed: Record<string, TypeSchema> | undefined;

/** Every type by its OpenAPI name (`io.k8s.api.core.v1.Pod`). */
export function allTypes(): Record<string, TypeSchema> {
  // The generated text has exactly this shape.
  parsed ??= JSON.parse(schemas) as Record<string, TypeSchema>;
  return parsed;
}

export function typeSchema(name: string): TypeSchema {
  const type = allTypes()[name];
  if (type === undefined) throw new Error(`no schema ${name}: run generate-schemas.ts`);
  return type;
}
