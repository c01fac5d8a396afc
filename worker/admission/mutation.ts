/** One mutation of a MutatingAdmissionPolicy, from its expression to the changed object. Pure. */
import type { Mutation } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { StatusError } from "../../protocol/status.ts";
import type { CelValue } from "../cel/cel.ts";
import { atomicPaths } from "../fields/atomics.ts";
import { checkConfig, errorsText } from "../fields/check.ts";
import { merge } from "../fields/merge.ts";
import { jsonPatch } from "../patch/json-patch.ts";
import { shapeOfResource } from "../registry/managed-fields.ts";
import { apiVersionOf } from "../registry/text.ts";
import { strictDecodingError } from "../resources/decode.ts";
import type { Resource } from "../resources/resource.ts";
import { typeSchema } from "../resources/schema.ts";
import { decodeChanged, withServerFields } from "./changed-object.ts";
import type { Expressions } from "./expressions.ts";

/** `error`: the policy's failure, in upstream's words. */
export type Mutated = { object: KubernetesObject } | { error: string };

/** Not yet defaulted. Throws where the change makes the object none of its kind, whatever the failure policy. */
export function applyMutation({ patchType, applyConfiguration, jsonPatch: patch }: Mutation, resource: Resource, object: KubernetesObject, expressions: Expressions): Mutated {
  const isPatch = patchType === "JSONPatch";
  const expression = (isPatch ? patch : applyConfiguration)?.expression ?? "";
  const built = expressions.build(expression);
  if ("error" in built) return { error: `expression '${expression}' resulted in error: ${built.error}` };
  return isPatch ? patched(built.value, resource, object, expressions) : applied(built.value, resource, object, expressions);
}

/** As a server-side apply would merge it, but owned by nobody. */
function applied(value: CelValue, resource: Resource, object: KubernetesObject, { cel }: Expressions): Mutated {
  if (cel.messageType(value) !== "Object") return { error: `unsupported return type from ApplyConfiguration expression: ${typeName(value, cel)}` };
  const misnamed = cel.misnamedMessages(value);
  if (misnamed.length > 0) return { error: `type mismatch: ${misnamed.join("\n")}` };
  const config = { ...Object(cel.json(value)), apiVersion: apiVersionOf(resource), kind: resource.kind };
  const { value: checked, errors } = checkConfig({ r: resource.schema }, config, resource.custom?.types ?? typeSchema);
  if (errors.length > 0) return { error: `error applying patch: failed to convert patch object to typed object: ${errorsText(errors)}` };
  const shape = shapeOfResource(resource);
  const atomics = atomicPaths(shape, checked);
  if (atomics.length > 0) {
    return { error: `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(", ")}` };
  }
  return decoded(merge(shape, object, checked), resource, object);
}

function patched(value: CelValue, resource: Resource, object: KubernetesObject, { cel }: Expressions): Mutated {
  const operations: unknown[] = [];
  for (const item of Array.isArray(value) ? (value as CelValue[]) : [value]) {
    if (!Array.isArray(value) || cel.messageType(item) !== "JSONPatch") {
      const what = Array.isArray(value) ? "array of JSONPatch, got element of" : "array of JSONPatch, got";
      return { error: `type mismatch: JSONPatchType.expression should evaluate to ${what} ${typeName(item, cel)}` };
    }
    // It is a map, whose value may be a message of its own.
    const misnamed = cel.misnamedMessages((item as { value?: CelValue }).value);
    if (misnamed.length > 0) return { error: `type mismatch: ${misnamed.join("\n")}` };
    operations.push(cel.json(item));
  }
  const result = jsonPatch(object, operations);
  if (!result.ok) return result.isTestFailed === true ? { object } : { error: `JSONPath: ${result.message}` };
  return decoded(result.value, resource, object);
}

function decoded(changed: unknown, resource: Resource, before: KubernetesObject): Mutated {
  const result = decodeChanged(resource, changed);
  if (!result.ok) throw StatusError.internal(result.message);
  if (result.unknownFields.length > 0) throw StatusError.internal(strictDecodingError(result.unknownFields));
  return { object: withServerFields(result.object, before) };
}

function typeName(value: CelValue, cel: Expressions["cel"]): string {
  const message = cel.messageType(value);
  if (message !== undefined) return message;
  if (Array.isArray(value)) return "list";
  return isRecord(value) ? "map" : value === null ? "null_type" : typeof value === "bigint" ? "int" : typeof value;
}
