/** Whatever a client sends is decoded or refused; nothing makes the server fail. */
import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { loadCel } from "../cel/load.ts";
import { decode } from "./decode.ts";
import { indexOf } from "./object-index.ts";
import { apiVersionOf, resources } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { typeSchema, type Field } from "./schema.ts";
import { statedRules } from "./stated-rules.ts";
import { context } from "./testing.ts";

/** Values that fit the field's type, as sparse or as full as chance will have it; now and then ones that do not. */
function arbitrary(field: Field, depth: number): fc.Arbitrary<unknown> {
  const misfit = { weight: 1, arbitrary: fc.constantFrom<unknown>(null, "", "x", -1, 0, true, [], {}) };
  return fc.oneof({ weight: 40, arbitrary: fitting(field, depth) }, misfit);
}

function fitting(field: Field, depth: number): fc.Arbitrary<unknown> {
  if (field.r !== undefined) return objectOf(field.r, depth);
  if (field.a !== undefined) return fc.array(arbitrary(field.a, depth - 1), { maxLength: 2 });
  if (field.m !== undefined) return fc.dictionary(fc.constantFrom("a", "cpu", "app", "__proto__", "A/B"), arbitrary(field.m, depth - 1), { maxKeys: 2 });
  switch (field.t) {
    case "int32":
    case "int64":
      return fc.constantFrom(0, 1, -1, 80, 70000);
    case "bool":
      return fc.boolean();
    case "quantity":
      return fc.constantFrom<unknown>("1", "500m", "1Gi", -1);
    case "time":
    case "micro-time":
      return fc.constant("2026-01-01T00:00:00Z");
    case "bytes":
      return fc.constantFrom("", "MQ==");
    case "int-or-string":
      return fc.constantFrom<unknown>(0, 80, "25%", "http", "");
    default:
      return fc.constantFrom("", "a", "In", "Exists", "Always", "RollingUpdate", "NodePort", "10.0.0.1");
  }
}

function objectOf(schema: string, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(typeSchema(schema).f ?? {}).filter(([name]) => name !== "managedFields");
  if (depth <= 0 || fields.length === 0) return fc.constant({});
  const few = fc.subarray(fields, { maxLength: Math.min(6, fields.length) });
  return few.chain((some) => fc.record(Object.fromEntries(some.map(([name, field]) => [name, arbitrary(field, depth - 1)]))));
}

/** Everything that planning and printing do with an object. */
function handle(served: Resource, value: unknown): void {
  const decoded = decode<KubernetesObject>(served.schema, value);
  if (!decoded.ok) return;
  const resource = served.conversion?.stored ?? served;
  const object = served.conversion?.toStored(decoded.object) ?? decoded.object;
  const metadata = { ...object.metadata, name: "x", namespace: "ns", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
  const stored: Stored<KubernetesObject> = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
  statedRules.applyDefaults(resource, stored);
  resource.applyDefaults?.(stored);
  resource.prepareForCreate?.(stored, context);
  const errors = [...statedRules.validate(resource, stored), ...resource.validate(stored), ...(resource.validateCreate?.(stored) ?? [])];
  resource.validateUpdate?.(stored, structuredClone(stored));
  if (errors.length > 0) return;
  indexOf(resource, stored);
  const shown = { ...served.conversion?.fromStored(stored), ...(served.conversion === undefined ? stored : {}), metadata };
  for (const column of served.columns) column.cell(shown, context.now);
}

// A definition's patterns are compiled with it; the shell has it by then.
beforeAll(loadCel);

describe("nothing fails on what a client may send as", () => {
  it.each(resources.map((resource) => [resource.kind, resource] as const))("%s", (_, resource) => {
    fc.assert(fc.property(objectOf(resource.schema, 9), (value) => handle(resource, value)), { numRuns: 200 });
  });
});
