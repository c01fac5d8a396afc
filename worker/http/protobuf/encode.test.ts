import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { apiVersionOf, resources } from "../../resources/registry.ts";
import { allTypes, typeSchema, type Field } from "../../resources/schema.ts";
import { decodeProtobuf } from "./decode.ts";
import { encodeFrame, encodeList, encodeMessage, encodeProtobuf, hasProtobuf } from "./encode.ts";
import { messages } from "./generated/messages.ts";

/** A value of the type with every field set. */
function sample(field: Field, depth: number): unknown {
  if (field.r !== undefined) return sampleOf(field.r, depth - 1);
  if (field.a !== undefined) return [sample(field.a, depth)];
  if (field.m !== undefined) return { key: sample(field.m, depth) };
  switch (field.t) {
    case "int32":
      return -7;
    case "int64":
      return 1_700_000_000_000;
    case "number":
      return 1.5;
    case "bool":
      return true;
    case "bytes":
      return "AQL/";
    case "time":
      return "2026-01-02T03:04:05Z";
    case "micro-time":
      return "2026-01-02T03:04:05.678901Z";
    case "quantity":
      return "1500m";
    case "int-or-string":
      return depth % 2 === 0 ? "25%" : 3;
    case "any":
      return { any: ["thing", 1] };
    default:
      return "text";
  }
}

function sampleOf(name: string, depth = 12): Record<string, unknown> {
  const all = typeSchema(name).f ?? {};
  // A kind inside another (a claim's template) does not say that it is one.
  const own = all["kind"] !== undefined && all["metadata"] !== undefined ? ["kind", "apiVersion"] : [];
  const fields = Object.entries(all).filter(([field, type]) => (depth > 0 || type.t !== undefined) && !own.includes(field));
  return Object.fromEntries(fields.map(([field, type]) => [field, sample(type, depth)]));
}

const kinds = resources
  .map((resource) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind, schema: resource.schema }))
  .filter(hasProtobuf);

const objects = kinds.map(({ apiVersion, kind, schema }) => [`${apiVersion} ${kind}`, { ...sampleOf(schema), apiVersion, kind }] as const);

/** The same table, as protobufjs' own types: a second opinion on the wire form. */
const root = new protobuf.Root();
const nameOf = (name: string) => name.replaceAll(/\W/g, "_").replaceAll("@", "_").replaceAll("~", "_");
const special: Record<string, Record<string, { type: string; id: number; rule?: string }>> = {
  Time: { seconds: { type: "int64", id: 1 }, nanos: { type: "int32", id: 2 } },
  MicroTime: { seconds: { type: "int64", id: 1 }, nanos: { type: "int32", id: 2 } },
  Quantity: { string: { type: "string", id: 1 } },
  IntOrString: { type: { type: "int64", id: 1 }, intVal: { type: "int32", id: 2 }, strVal: { type: "string", id: 3 } },
  RawExtension: { raw: { type: "bytes", id: 1 } },
  FieldsV1: { raw: { type: "bytes", id: 1 } },
};

function defineTypes(): void {
  const table = JSON.parse(messages) as Record<string, Record<string, string>>;
  const used = new Set<string>();
  for (const [name, fields] of Object.entries(table)) {
    const type = new protobuf.Type(nameOf(name));
    for (const [number, text] of Object.entries(fields)) {
      const [field = "", ...words] = text.split(" ");
      const inner = words.at(-1) ?? "";
      const innerType = /[.~@]/.test(inner) ? nameOf(inner) : inner;
      if (innerType !== inner) used.add(inner);
      const own = field === "" ? `inline${number}` : field;
      if (words[0] === "map") type.add(new protobuf.MapField(own, Number(number), "string", innerType));
      else type.add(new protobuf.Field(own, Number(number), innerType, words[0] === "repeated" ? "repeated" : undefined));
    }
    root.add(type);
  }
  for (const name of used) {
    const fields = special[/\w+$/.exec(name)?.[0] ?? ""];
    if (fields !== undefined) root.add(protobuf.Type.fromJSON(nameOf(name), { fields }));
  }
}

defineTypes();

describe("an object in protobuf", () => {
  test("of most kinds there are", () => {
    expect(kinds.length).toBeGreaterThanOrEqual(15);
    expect(Object.keys(allTypes()).length).toBeGreaterThan(100);
  });

  test.each(objects)("is read back as it was: %s", (_name, object) => {
    expect(decodeProtobuf(encodeProtobuf(object))).toEqual(object);
  });

  test.each(objects)("is what another codec reads and writes: %s", (_name, object) => {
    const bytes = encodeMessage(object, object);
    const resource = kinds.find(({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind);
    const type = root.lookupType(nameOf((resource?.schema ?? "").replace("io.k8s.api.", "@")));
    const decoded = type.decode(bytes);
    expect(type.verify(decoded)).toBeNull();
    expect(Buffer.from(type.encode(decoded).finish()).toString("latin1")).toBe(Buffer.from(bytes).toString("latin1"));
  });

  test("leaves out what the JSON leaves out, and says a zero that it says", () => {
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: 0, paused: null } };
    // 2 (spec) of two bytes: 1 (replicas) is 0.
    expect([...encodeMessage(deployment, deployment)]).toEqual([18, 2, 8, 0]);
  });

  test("stands in an envelope that says its kind", () => {
    const bytes = encodeProtobuf({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "v" } });
    const text = Buffer.from(bytes).toString("latin1");
    expect(text).toBe("k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x0d\x0a\x03\x0a\x01a\x12\x06\x0a\x01k\x12\x01v");
  });

  test("a list is its metadata and its items", () => {
    const item = { apiVersion: "v1", kind: "ConfigMap" };
    const items = ["a", "b"].map((name) => encodeMessage(item, { metadata: { name } }));
    const text = Buffer.from(encodeList({ apiVersion: "v1", kind: "ConfigMapList" }, { resourceVersion: "7" }, items)).toString("latin1");
    expect(text.endsWith("\x12\x13\x0a\x03\x12\x017\x12\x05\x0a\x03\x0a\x01a\x12\x05\x0a\x03\x0a\x01b")).toBe(true);
  });

  test("a watch's event has its length in front", () => {
    const frame = encodeFrame("ADDED", Uint8Array.of(1, 2, 3));
    expect([...frame]).toEqual([0, 0, 0, 14, 10, 5, ...Buffer.from("ADDED"), 18, 5, 10, 3, 1, 2, 3]);
  });

  test("kinds of other groups have none, even if they are called alike", () => {
    expect(hasProtobuf({ apiVersion: "apps.example.com/v1", kind: "Deployment" })).toBe(false);
    expect(hasProtobuf({ apiVersion: "example.com/v1", kind: "Status" })).toBe(false);
    expect(hasProtobuf({ apiVersion: "meta.k8s.io/v1", kind: "Table" })).toBe(false);
  });
});
