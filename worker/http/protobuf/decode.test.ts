import { describe, expect, test } from "vitest";
import { decodeProtobuf, MalformedProtobuf } from "./decode.ts";

type Field = [number: number, value: number | string | Uint8Array];

const utf8 = (text: string) => new TextEncoder().encode(text);

function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

/** A message by hand, as Go's generated code writes it. */
function message(...fields: Field[]): Uint8Array {
  const bytes = fields.flatMap(([number, value]) => {
    if (typeof value === "number") return [...varint(number << 3), ...varint(value)];
    const content = typeof value === "string" ? utf8(value) : value;
    return [...varint((number << 3) | 2), ...varint(content.length), ...content];
  });
  return Uint8Array.from(bytes);
}

function envelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  return Uint8Array.from([...utf8("k8s\0"), ...message([1, message([1, apiVersion], [2, kind])], [2, raw], [3, ""], [4, ""])]);
}

describe("a body in protobuf", () => {
  test("is the JSON that the client would have sent: a ConfigMap", () => {
    const metadata = message([1, "a"], [2, ""], [3, "default"], [5, ""], [7, 0], [8, message()], [11, message([1, "app"], [2, "web"])]);
    const raw = message([1, metadata], [2, message([1, "k"], [2, "v"])], [2, message([1, "l"], [2, ""])], [3, message([1, "b"], [2, Uint8Array.of(1, 2)])]);
    expect(decodeProtobuf(envelope("v1", "ConfigMap", raw))).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", namespace: "default", labels: { app: "web" } },
      data: { k: "v", l: "" },
      binaryData: { b: "AQI=" },
    });
  });

  test("keeps a zero that was said, and drops one that Go always sends", () => {
    const selector = message([1, message([1, "a"], [2, "b"])]);
    const container = message([1, "c"], [2, "example:1"], [6, message([1, ""], [2, 0], [3, 80], [4, "TCP"], [5, ""])], [16, 0], [17, 0], [18, 0]);
    const template = message([1, message([1, ""])], [2, message([2, container], [3, ""], [4, 0], [11, 0])]);
    const spec = message([1, 0], [2, selector], [3, template], [4, message([1, ""])], [5, 0], [7, 0]);
    expect(decodeProtobuf(envelope("apps/v1", "Deployment", message([1, message([1, "d"])], [2, spec])))).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      spec: {
        replicas: 0,
        selector: { matchLabels: { a: "b" } },
        template: {
          metadata: {},
          spec: { containers: [{ name: "c", image: "example:1", ports: [{ containerPort: 80, protocol: "TCP" }] }], terminationGracePeriodSeconds: 0 },
        },
        strategy: {},
      },
    });
  });

  test("embeds what Go embeds, and reads numbers below zero, quantities and either-or values", () => {
    const probe = message([1, message([2, message([1, "/x"], [2, message([1, 1], [2, 0], [3, "http"])])])], [3, 1]);
    const limits = message([1, message([1, "cpu"], [2, message([1, "100m"])])]);
    const volume = message([1, "v"], [2, message([2, message([1, ""])])]);
    const container = message([1, "c"], [8, limits], [10, probe]);
    const pod = message([1, message([1, "p"], [8, message([1, 1_700_000_000], [2, 0])])], [2, message([1, volume], [2, container], [25, -5])]);
    expect(decodeProtobuf(envelope("v1", "Pod", pod))).toMatchObject({
      metadata: { creationTimestamp: "2023-11-14T22:13:20Z" },
      spec: {
        volumes: [{ name: "v", emptyDir: {} }],
        containers: [{ resources: { limits: { cpu: "100m" } }, livenessProbe: { httpGet: { path: "/x", port: "http" }, timeoutSeconds: 1 } }],
        priority: -5,
      },
    });
  });

  test("may be the options of a delete", () => {
    const raw = message([1, 0], [4, "Foreground"]);
    expect(decodeProtobuf(envelope("v1", "DeleteOptions", raw))).toMatchObject({ gracePeriodSeconds: 0, propagationPolicy: "Foreground" });
  });

  test.each([
    ["is no envelope", utf8("{}")],
    ["is of a kind that is not served", envelope("v1", "Nope", message())],
    ["ends too early", envelope("v1", "ConfigMap", Uint8Array.of(10, 200))],
  ])("is refused when it %s", (_what, bytes) => {
    expect(() => decodeProtobuf(bytes)).toThrow(MalformedProtobuf);
  });
});
