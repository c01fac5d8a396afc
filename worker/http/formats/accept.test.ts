import { describe, expect, test } from "vitest";
import { configMaps } from "../../resources/core/config-maps.ts";
import { acceptOf, encodingOf, streamAcceptOf, wantsAggregated } from "./accept.ts";

const asking = (accept: string) => new Request("https://x/", { headers: { accept } });
const said = (accept: string): string => {
  const { form, encoding } = acceptOf(asking(accept), configMaps);
  return `${form} ${encoding}`;
};

const protobuf = "application/vnd.kubernetes.protobuf";
const table = "as=Table;v=v1;g=meta.k8s.io";
const custom = { ...configMaps, group: "example.com", kind: "Widget" };

describe("a client is answered in", () => {
  test.each([
    ["", "object json"],
    ["*/*", "object json"],
    ["application/yaml", "object yaml"],
    [protobuf, "object protobuf"],
    [`${protobuf},application/json`, "object protobuf"],
    ["application/cbor,application/json", "object json"],
    ["text/html, application/xhtml+xml, */*;q=0.8", "object json"],
    ["application/json;q=0.1,application/yaml;q=0.9", "object yaml"],
    ["*/*, application/yaml", "object yaml"],
    [`application/json;${table},application/json`, "table json"],
    [`application/yaml;${table}`, "table yaml"],
    [`${protobuf};${table},application/json`, "object json"],
    [`application/json;as=Table;v=v2;g=meta.k8s.io,application/json`, "object json"],
    [`${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`, "metadata protobuf"],
    ["application/json;stream=other, application/yaml", "object yaml"],
  ])("%s: %s", (accept, expected) => {
    expect(said(accept)).toBe(expected);
  });
});

describe("nothing fits", () => {
  test("names what there is", () => {
    expect(() => said("application/cbor")).toThrow(
      "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    );
  });

  test("of a custom resource there is no protobuf", () => {
    expect(() => acceptOf(asking(protobuf), custom)).toThrow("only the following media types are accepted: application/json, application/yaml");
    expect(acceptOf(asking(`${protobuf},application/json`), custom)).toEqual({ form: "object", encoding: "json" });
  });

  test("of a question there is no Table", () => {
    expect(() => acceptOf(asking(`application/json;${table}`), { ...configMaps, isStored: false, verbs: ["create"] })).toThrow("only the following media types are accepted");
  });

  test("a watch is not served in YAML", () => {
    expect(() => streamAcceptOf(asking("application/yaml"), configMaps)).toThrow(
      "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    );
    expect(streamAcceptOf(asking(`${protobuf};stream=watch`), configMaps).encoding).toBe("protobuf");
  });
});

test("a Status has one form: what asks for another gets the next wish", () => {
  expect(encodingOf(asking(`application/json;${table},${protobuf}`))).toBe("protobuf");
  expect(encodingOf(asking("text/html"))).toBeUndefined();
});

test("aggregated discovery is for who wants it before plain JSON", () => {
  const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  expect(wantsAggregated(asking(`${aggregated},application/json`))).toBe(true);
  expect(wantsAggregated(asking(`application/json,${aggregated}`))).toBe(false);
  expect(wantsAggregated(asking(`application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`))).toBe(false);
});
