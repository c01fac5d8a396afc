/** What the API says of itself: groups, versions, resources and their schemas. */
import { beforeAll, describe, expect, test } from "vitest";
import { decodeProtobuf } from "../../../worker/http/protobuf/decode.ts";
import { call, prepare, send, type Answer } from "./api.ts";

beforeAll(prepare);

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const aggregated = `${aggregatedType},application/json`;

interface Group {
  metadata: { name?: string };
  versions: { version: string; freshness: string; resources: { resource: string; scope: string; subresources?: { subresource: string }[] }[] }[];
}
const groupsIn = ({ body }: Answer) => body.items as unknown as Group[];

describe("aggregated discovery", () => {
  test("has every group, in upstream's order", async () => {
    const answer = await call("GET", "/apis", { accept: aggregated });
    expect(answer.headers.get("content-type")).toBe(aggregatedType);
    const names = groupsIn(answer).map(({ metadata }) => metadata.name);
    expect(names.filter((name) => ["apps", "events.k8s.io", "coordination.k8s.io", "discovery.k8s.io"].includes(name ?? ""))).toEqual([
      "apps",
      "events.k8s.io",
      "coordination.k8s.io",
      "discovery.k8s.io",
    ]);
  });

  test("has the core group under its own path, with subresources", async () => {
    const [core] = groupsIn(await call("GET", "/api", { accept: aggregated }));
    const pods = core?.versions[0]?.resources.find(({ resource }) => resource === "pods");
    expect([core?.metadata.name, core?.versions[0]?.freshness, pods?.scope]).toEqual([undefined, "Current", "Namespaced"]);
    expect(pods?.subresources?.map(({ subresource }) => subresource)).toEqual(expect.arrayContaining(["exec", "log", "status"]));
  });

  test("is not sent again to who has it", async () => {
    const first = await call("GET", "/apis", { accept: aggregated });
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[0-9A-Z]+"$/);
    const second = await send("GET", "/apis", { accept: aggregated, headers: { "if-none-match": etag } });
    expect([second.status, await second.text(), second.headers.get("etag")]).toEqual([304, "", etag]);
    expect((await call("GET", "/api", { accept: aggregated, headers: { "if-none-match": etag } })).status).toBe(200);
  });

  test("falls back to plain for a client of an older form", async () => {
    const older = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    expect((await call("GET", "/apis", { accept: older })).body.kind).toBe("APIGroupList");
  });
});

describe("plain discovery", () => {
  test("names versions, groups and resources", async () => {
    expect((await call("GET", "/api")).body).toMatchObject({ kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0" }] });
    expect((await call("GET", "/apis")).body).toMatchObject({ kind: "APIGroupList" });
    expect((await call("GET", "/apis/apps")).body).toMatchObject({ kind: "APIGroup", name: "apps", preferredVersion: { groupVersion: "apps/v1" } });
    const { body } = await call("GET", "/apis/apps/v1");
    const resources = body["resources"] as { name: string }[];
    expect(resources).toContainEqual(expect.objectContaining({ name: "deployments", kind: "Deployment", storageVersionHash: "8aSe+NMegvE=" }));
    expect(resources).toContainEqual(expect.objectContaining({ name: "deployments/scale", kind: "Scale", group: "autoscaling" }));
    const names = resources.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
  });

  test.each(["/api/", "/api/v1/", "/apis/", "/apis/apps/", "/apis/apps/v1/", "/version/"])("goes with a slash at the end, too: %s", async (path) => {
    expect((await call("GET", path)).body).toEqual((await call("GET", path.slice(0, -1))).body);
  });

  test("comes in protobuf for clients that read nothing else", async () => {
    const accept = "application/vnd.kubernetes.protobuf";
    const read = async (path: string) => decodeProtobuf(new Uint8Array(await (await send("GET", path, { accept })).arrayBuffer()));
    expect(await read("/api")).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
    expect(await read("/apis/apps")).toMatchObject({ kind: "APIGroup", name: "apps" });
    expect(JSON.stringify(await read("/api/v1"))).toContain('"verbs":["create","delete"');
  });

  test("knows no group and no version that is not served", async () => {
    for (const path of ["/apis/nope.example.com", "/apis/apps/v9", "/api/v9"]) expect((await send("GET", path)).status).toBe(404);
  });

  test("every resource that it names is served", async () => {
    const groups = (await call("GET", "/apis")).body["groups"] as { versions: { groupVersion: string }[] }[];
    const bases = ["/api/v1", ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`))];
    for (const base of bases) {
      const resources = (await call("GET", base)).body["resources"] as { name: string; verbs: string[] }[];
      for (const { name } of resources.filter((one) => one.verbs.includes("list"))) {
        expect([name, (await call("GET", `${base}/${name}`)).status]).toEqual([name, 200]);
      }
    }
  });

  test("the root lists the paths", async () => {
    expect((await call("GET", "/")).body["paths"]).toEqual(expect.arrayContaining(["/api/v1", "/apis/apps/v1", "/openapi/v2", "/readyz"]));
  });
});

describe("OpenAPI", () => {
  const documentUrl = async (path: string) => {
    const { body } = await call("GET", "/openapi/v3");
    return (body["paths"] as Record<string, { serverRelativeURL: string }>)[path]?.serverRelativeURL ?? "";
  };

  test("v3 has an index, and documents that never change under their hash", async () => {
    const url = await documentUrl("apis/apps/v1");
    const document = await call("GET", url);
    expect(document.body["openapi"]).toBe("3.0.0");
    expect(document.headers.get("cache-control")).toBe("public, immutable");
    const known = await send("GET", url, { headers: { "if-none-match": document.headers.get("etag") ?? "" } });
    expect(known.status).toBe(304);
  });

  test("an older hash leads to the present document", async () => {
    const url = await documentUrl("api/v1");
    const old = await send("GET", url.replace(/hash=.*/, "hash=OLD"), { redirect: "manual" });
    expect([old.status, old.headers.get("location")]).toEqual([301, url]);
  });

  test("each document has a hash of its own", async () => {
    const hashes = await Promise.all(["api/v1", "apis/apps/v1"].map(async (path) => (await documentUrl(path)).split("=")[1]));
    expect(new Set(hashes).size).toBe(2);
  });

  test("v2 comes as JSON and as protobuf", async () => {
    const json = await call("GET", "/openapi/v2");
    expect(json.body["swagger"]).toBe("2.0");
    const protobuf = await send("GET", "/openapi/v2", { accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf" });
    expect(protobuf.headers.get("content-type")).toContain("proto-openapi");
    expect((await protobuf.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
  });
});

test("each group and version has an APIService, and those of built-in groups are available", async () => {
  const { body } = await call("GET", "/apis/apiregistration.k8s.io/v1/apiservices?labelSelector=kube-aggregator.kubernetes.io/automanaged%3Donstart");
  const services = body.items as unknown as { metadata: { name: string }; spec: { groupPriorityMinimum: number }; status: { conditions: { type: string; status: string }[] } }[];
  const groups = (await call("GET", "/apis")).body["groups"] as { name: string; versions: { version: string }[] }[];
  const names = ["v1.", ...groups.flatMap(({ name, versions }) => versions.map(({ version }) => `${version}.${name}`))];
  expect(services.map(({ metadata }) => metadata.name).toSorted()).toEqual(names.toSorted());
  expect(services.every(({ status }) => status.conditions.some(({ type, status: is }) => type === "Available" && is === "True"))).toBe(true);
  expect(services.find(({ metadata }) => metadata.name === "v1.apps")?.spec).toMatchObject({ groupPriorityMinimum: 17800, versionPriority: 15 });
});

test("the version is a Kubernetes 1.35", async () => {
  expect((await call("GET", "/version", { token: "" })).body).toMatchObject({ major: "1", minor: "35", gitVersion: expect.stringMatching(/^v1\.35\./) });
});
