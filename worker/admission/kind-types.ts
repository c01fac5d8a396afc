/** Kinds as types of CEL, with every field that they have: what the expressions of policies are checked against. Pure. */
import type { CelType } from "../cel/cel.ts";
import { escapedName } from "../cel/names.ts";
import { celTypeOf } from "../resources/custom/cel-types.ts";
import type { Resource } from "../resources/resource.ts";
import { typeSchema, type Field, type Scalar } from "../resources/schema.ts";

export function typeOfKind({ schema, custom }: Pick<Resource, "schema" | "custom">): CelType {
  const types = new Map<string, CelType>();
  if (custom === undefined) return typeOfField({ r: schema }, types, []);
  const own = celTypeOf(custom.schema);
  const metadata = typeOfField({ r: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }, types, []);
  const fields = typeof own === "object" && "object" in own ? own.object : {};
  return { object: { ...fields, apiVersion: "string", kind: "string", metadata } };
}

const scalars: Record<Scalar, CelType> = {
  string: "string",
  int32: "int",
  int64: "int",
  number: "double",
  bool: "bool",
  bytes: "bytes",
  time: "timestamp",
  "micro-time": "timestamp",
  quantity: "string",
  "int-or-string": "dyn",
  any: "dyn",
};

/** `above`: names of the types that this one is inside of; one that holds itself is not followed. */
function typeOfField({ t, r, a, m }: Field, types: Map<string, CelType>, above: string[]): CelType {
  if (a !== undefined) return { list: typeOfField(a, types, above) };
  if (m !== undefined) return { map: typeOfField(m, types, above) };
  if (r === undefined) return scalars[t ?? "any"];
  const known = types.get(r);
  if (known !== undefined) return known;
  const { f: fields } = above.includes(r) ? {} : typeSchema(r);
  if (fields === undefined) return "dyn";
  const type = { object: Object.fromEntries(Object.entries(fields).flatMap(([name, field]) => named(name, typeOfField(field, types, [...above, r])))) };
  types.set(r, type);
  return type;
}

/** As it is, and as it is escaped where it is one of CEL's words. */
function named(name: string, type: CelType): [string, CelType][] {
  const escaped = escapedName(name);
  if (escaped === undefined) return [];
  return escaped === name || !/^\w+$/.test(name) ? [[escaped, type]] : [[name, type], [escaped, type]];
}
