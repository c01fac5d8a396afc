import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";

const pod = "io.k8s.api.core.v1.Pod";
const deployment = "io.k8s.api.apps.v1.Deployment";
const one = (fields: object): object => ({ spec: { containers: [{ name: "a", ...fields }] } });

describe("what cannot be decoded is said as Go's decoder says it", () => {
  const rows: [sentence: string, schema: string, value: unknown, message: string][] = [
    ["a string for a number", deployment, { spec: { replicas: "3" } }, "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"],
    ["a fraction for a whole number", deployment, { spec: { replicas: 1.5 } }, "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"],
    ["a number beyond 32 bits", deployment, { spec: { replicas: 3_000_000_000 } }, "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32"],
    ["an object for a list", pod, { spec: { containers: {} } }, "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container"],
    ["a string for an object", pod, { spec: "x" }, "json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec"],
    ["a number for a label", pod, { metadata: { labels: { a: 1 } } }, "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"],
    ["a string for a boolean, inside a list", pod, one({ tty: "yes" }), "json: cannot unmarshal string into Go struct field Container.spec.containers.tty of type bool"],
    ["a list for the whole object", pod, [], "json: cannot unmarshal array into Go value of type v1.Pod"],
    ["a quantity that is none", pod, one({ resources: { limits: { cpu: "many" } } }), "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ["a quantity of an unknown suffix", pod, one({ resources: { limits: { memory: "1GGi" } } }), "unable to parse quantity's suffix"],
    ["a time that is none", pod, { metadata: { creationTimestamp: "today" } }, 'parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"'],
    ["base64 that is none", "io.k8s.api.core.v1.Secret", { data: { a: "b!==" } }, "illegal base64 data at input byte 1"],
    ["an object for a port", pod, one({ livenessProbe: { tcpSocket: { port: {} } } }), "json: cannot unmarshal object into Go value of type int32"],
  ];
  it.each(rows)("%s", (_, schema, value, message) => {
    expect(decode(schema, value)).toMatchObject({ ok: false, message });
  });
});

describe("what is decoded", () => {
  const rows: [sentence: string, schema: string, value: object, object: object][] = [
    ["loses nulls", pod, { metadata: { name: "a", creationTimestamp: null } }, { metadata: { name: "a" } }],
    ["loses empty optional maps and lists", pod, { metadata: { name: "a", labels: {}, finalizers: [] } }, { metadata: { name: "a" } }],
    ["loses empty optional strings", pod, { metadata: { name: "a", generateName: "" } }, { metadata: { name: "a" } }],
    ["keeps the empty string where it means something", "io.k8s.api.discovery.v1.EndpointSlice", { ports: [{ name: "" }] }, { ports: [{ name: "" }] }],
    ["has canonical quantities", pod, one({ resources: { limits: { cpu: 0.5, memory: "1024Mi" } } }), one({ resources: { limits: { cpu: "500m", memory: "1Gi" } } })],
    ["has times in UTC, to the second", pod, { metadata: { creationTimestamp: "2026-01-01T01:00:00.5+01:00" } }, { metadata: { creationTimestamp: "2026-01-01T00:00:00Z" } }],
    ["has microseconds where they belong", "io.k8s.api.coordination.v1.Lease", { spec: { renewTime: "2026-01-01T00:00:00.12Z" } }, { spec: { renewTime: "2026-01-01T00:00:00.120000Z" } }],
    ["has the stated defaults", pod, one({ ports: [{ containerPort: 80 }] }), one({ ports: [{ containerPort: 80, protocol: "TCP" }] })],
    ["reads a null in a map as its zero value", pod, { metadata: { labels: { a: null } } }, { metadata: { labels: { a: "" } } }],
    ["keeps raw parts as they are", "io.k8s.api.apps.v1.ControllerRevision", { data: { spec: { x: null, y: [] } } }, { data: { spec: { x: null, y: [] } } }],
  ];
  it.each(rows)("%s", (_, schema, value, object) => {
    expect(decode(schema, value)).toMatchObject({ ok: true, object });
    const decoded = decode<{ metadata?: object }>(schema, value);
    if (decoded.ok && "metadata" in value) expect(decoded.object.metadata).toEqual((object as { metadata: object }).metadata);
  });

  it("names every unknown field by its path, in order, and leaves it out", () => {
    const decoded = decode(pod, { foo: 1, metadata: { bar: 1 }, ...one({ image: "x", zed: { deep: 1 } }) });
    expect(decoded).toMatchObject({
      ok: true,
      unknownFields: ['unknown field "foo"', 'unknown field "metadata.bar"', 'unknown field "spec.containers[0].zed"'],
    });
    expect(JSON.stringify(decoded)).not.toContain("deep");
  });

  it("knows no field by what every object inherits", () => {
    expect(decode(pod, { constructor: 1, toString: 2 })).toMatchObject({ unknownFields: ['unknown field "constructor"', 'unknown field "toString"'] });
  });

  it("shares nothing with what it was made from", () => {
    const value = one({ env: [{ name: "A", value: "1" }] });
    const before = structuredClone(value);
    const decoded = decode<{ spec: { containers: { env: { value: string }[] }[] } }>(pod, value);
    if (decoded.ok) for (const variable of decoded.object.spec.containers[0]?.env ?? []) variable.value = "2";
    expect(value).toEqual(before);
  });
});
