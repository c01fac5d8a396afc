/** Go's names of types and JSON values: kube-apiserver's decode errors say them, and users search for those texts. */
import type { Field, Scalar } from "./schema.ts";

const goScalars: Partial<Record<Scalar, string>> = { bytes: "[]uint8", number: "float64" };

/** `int32`, `[]v1.Container`, `map[string]string`, `v1.PodSpec`. */
export function goTypeOf(field: Field): string {
  if (field.r !== undefined) return structName(field.r);
  if (field.a !== undefined) return `[]${goTypeOf(field.a)}`;
  if (field.m !== undefined) return field.m.t === "quantity" ? "v1.ResourceList" : `map[string]${goTypeOf(field.m)}`;
  const scalar = field.t ?? "any";
  return goScalars[scalar] ?? scalar;
}

/** `io.k8s.api.core.v1.PodSpec` → `v1.PodSpec`. */
function structName(reference: string): string {
  return reference.split(".").slice(-2).join(".");
}

/** `string`, `number 1.5`, `object`: what Go's decoder calls a JSON value. */
export function jsonKindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}
