/** The same objects in JSON, YAML and protobuf, compressed or not, through the whole Worker. */
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { decodeProtobuf } from "../../../worker/http/protobuf/decode.ts";
import { encodeProtobuf } from "../../../worker/http/protobuf/encode.ts";
import { call, namespace, prepare, send, type Json } from "./api.ts";

const protobuf = "application/vnd.kubernetes.protobuf";
let maps: string;

beforeAll(async () => {
  await prepare();
  maps = `${await namespace("formats")}/configmaps`;
  for (const name of ["a", "b", "c"]) await call("POST", maps, { body: { metadata: { name, labels: { of: "formats" } }, data: { key: "a: b\n" } } });
});

async function bytesOf(method: string, path: string, accept = protobuf, body?: Uint8Array): Promise<{ response: Response; bytes: Uint8Array }> {
  const response = await send(method, path, { accept, ...(body === undefined ? {} : { bytes: body, type: protobuf }) });
  return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
}

describe("protobuf", () => {
  test("is the object that JSON is", async () => {
    const { response, bytes } = await bytesOf("GET", `${maps}/a`);
    expect(response.headers.get("content-type")).toBe(protobuf);
    expect(decodeProtobuf(bytes)).toEqual((await call("GET", `${maps}/a`)).body);
  });

  test("comes and goes: a create in protobuf is answered in protobuf", async () => {
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80, targetPort: "http" }], selector: { app: "web" } } };
    const { response, bytes } = await bytesOf("POST", maps.replace("configmaps", "services"), `${protobuf},application/json`, encodeProtobuf(service));
    expect(response.status).toBe(201);
    expect(decodeProtobuf(bytes)).toMatchObject({ kind: "Service", spec: { ports: [{ port: 80, targetPort: "http", protocol: "TCP" }] } });
  });

  test("a list is its items", async () => {
    const { bytes } = await bytesOf("GET", `${maps}?limit=2&labelSelector=of%3Dformats`);
    const text = new TextDecoder("latin1").decode(bytes);
    expect(text.startsWith("k8s\0\x0a\x13\x0a\x02v1\x12\x0dConfigMapList")).toBe(true);
    expect(text).toContain("a: b\n");
    expect(text).not.toContain("remaining");
  });

  test("is there for what is only answered, too", async () => {
    const all = "/api/v1/componentstatuses";
    const list = await bytesOf("GET", all);
    expect(list.response.status).toBe(200);
    expect(new TextDecoder("latin1").decode(list.bytes)).toMatch(/ComponentStatusList[^]*etcd-0[^]*Healthy/);
    expect(decodeProtobuf((await bytesOf("GET", `${all}/etcd-0`)).bytes)).toMatchObject({ kind: "ComponentStatus", metadata: { name: "etcd-0" } });
    expect((await bytesOf("GET", all, `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`)).response.status).toBe(200);
  });

  test("metadata alone, of one and of all", async () => {
    const one = await bytesOf("GET", `${maps}/a`, `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`);
    expect(decodeProtobuf(one.bytes)).toMatchObject({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "a" } });
    const all = await bytesOf("GET", maps, `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`);
    expect(new TextDecoder("latin1").decode(all.bytes)).toContain("PartialObjectMetadataList");
  });

  test("an error is a Status in protobuf", async () => {
    const { response, bytes } = await bytesOf("GET", `${maps}/absent`);
    expect(response.status).toBe(404);
    expect(decodeProtobuf(bytes)).toMatchObject({ kind: "Status", apiVersion: "v1", reason: "NotFound", code: 404, details: { name: "absent", kind: "configmaps" } });
  });

  test("a watch is a row of frames, each with its length in front", async () => {
    const { body: list } = await call("GET", maps);
    const path = `${maps}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion=${list.metadata.resourceVersion}`;
    const response = await send("GET", path, { accept: `${protobuf};stream=watch,${protobuf}` });
    expect(response.headers.get("content-type")).toBe(`${protobuf};stream=watch`);
    await call("POST", maps, { body: { metadata: { name: "watched" } } });
    await call("DELETE", `${maps}/watched`);
    const seen = framesOf(new Uint8Array(await response.arrayBuffer())).map((frame) => {
      const envelope = frame.subarray(new TextDecoder("latin1").decode(frame).indexOf("k8s\0"));
      const text = new TextDecoder().decode(frame.subarray(2, 2 + (frame[1] ?? 0)));
      return `${text} ${(decodeProtobuf(envelope)["metadata"] as { name: string }).name}`;
    });
    expect(seen).toEqual(["ADDED watched", "DELETED watched"]);
  });

  test("a delete of a collection answers with the list of it", async () => {
    await call("POST", maps, { body: { metadata: { name: "gone", labels: { doomed: "yes" } } } });
    const { response, bytes } = await bytesOf("DELETE", `${maps}?labelSelector=doomed%3Dyes`);
    expect(response.status).toBe(200);
    expect(new TextDecoder("latin1").decode(bytes)).toContain("ConfigMapList");
  });
});

function framesOf(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    frames.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}

describe("YAML", () => {
  const accept = "application/yaml";

  test("of an object, of a list, and of a Status", async () => {
    const one = await call("GET", `${maps}/a`, { accept });
    expect(one.headers.get("content-type")).toBe(accept);
    expect(parse(one.text)).toEqual((await call("GET", `${maps}/a`)).body);
    const all = await call("GET", `${maps}?limit=1`, { accept });
    expect(parse(all.text)).toMatchObject({ kind: "ConfigMapList", items: [{ metadata: { name: "a" } }], metadata: { continue: expect.any(String) } });
    const absent = await call("GET", `${maps}/absent`, { accept });
    expect(parse(absent.text)).toMatchObject({ kind: "Status", reason: "NotFound" });
  });

  test("is refused for a watch", async () => {
    const { status, text } = await call("GET", `${maps}?watch=1`, { accept });
    expect(status).toBe(406);
    expect((parse(text) as Json).message).toContain("application/json;stream=watch");
  });
});

describe("what cannot be met", () => {
  test("is refused before anything is written", async () => {
    const { status, text } = await call("POST", maps, { accept: "application/cbor", body: { metadata: { name: "unread" } } });
    expect(status).toBe(406);
    expect((JSON.parse(text) as Json).message).toBe(
      "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    );
    expect((await call("GET", `${maps}/unread`)).status).toBe(404);
  });

  test("a body in another format is told what is understood", async () => {
    const { status, body } = await call("POST", maps, { type: "application/cbor", text: "x" });
    expect(status).toBe(415);
    expect(body.message).toContain("accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf");
  });
});

describe("gzip", () => {
  const big = "x".repeat(200_000);

  test("for a long answer, if the client can read it", async () => {
    await call("POST", maps, { body: { metadata: { name: "big" }, data: { big } } });
    const packed = await send("GET", `${maps}/big`, { headers: { "accept-encoding": "gzip" } });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(packed.headers.get("vary")).toContain("Accept-Encoding");
    expect(((await packed.json<Json>()).data ?? {})["big"]).toBe(big);
    const plain = await send("GET", `${maps}/big`, { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    await plain.body?.cancel();
  });

  test("not for a short one", async () => {
    const { headers } = await call("GET", `${maps}/a`, { headers: { "accept-encoding": "gzip" } });
    expect(headers.get("content-encoding")).toBeNull();
  });
});

test("who looks at it gets it indented", async () => {
  expect((await call("GET", `${maps}/a?pretty=true`)).text).toContain('\n  "kind": "ConfigMap"');
  expect((await call("GET", `${maps}/a`, { headers: { "user-agent": "curl/8.0" } })).text).toContain('\n  "kind"');
  expect((await call("GET", `${maps}/a?pretty=false`, { headers: { "user-agent": "curl/8.0" } })).text).not.toContain("\n  ");
});
