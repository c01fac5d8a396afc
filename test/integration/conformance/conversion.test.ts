/** Custom resources in two versions, converted by a webhook (../test-conversions.ts): Kubernetes' crd_conversion_webhook.go and crd_selectable_fields.go. */
import { beforeAll, describe, expect, it } from "vitest";
import { call, prepare, WatchReader, type Json } from "../http/api.ts";
import { created, eventually, freshNamespace, got, patched } from "./harness.ts";

beforeAll(prepare);

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
let count = 0;

const text = { type: "string" };
const schemas = {
  v1: { type: "object", properties: { hostPort: text } },
  v2: { type: "object", properties: { host: text, port: text } },
};

interface Defined {
  path: string;
  group: string;
  objects(version: string, namespace?: string): string;
  store(version: string): Promise<Json>;
}

/** Stored at v1; a kind of its own for each call. */
async function define({ hook = "/convert", v1 = {}, v2 = {} }: { hook?: string; v1?: object; v2?: object } = {}): Promise<Defined> {
  const group = `conversion-${++count}.example.com`;
  const path = `${definitions}/e2e-tests.${group}`;
  const versionsAt = (storage: string) => [
    { name: "v1", served: true, storage: storage === "v1", schema: { openAPIV3Schema: schemas.v1 }, ...v1 },
    { name: "v2", served: true, storage: storage === "v2", schema: { openAPIV3Schema: schemas.v2 }, ...v2 },
  ];
  const conversion = { strategy: "Webhook", webhook: { clientConfig: { url: `https://hooks.example.com${hook}` }, conversionReviewVersions: ["v3", "v1", "v1beta1"] } };
  const spec = { group, scope: "Namespaced", names: { plural: "e2e-tests", kind: "E2eTest" }, versions: versionsAt("v1"), conversion };
  await created(definitions, { metadata: { name: `e2e-tests.${group}` }, spec });
  return {
    path,
    group,
    objects: (version, namespace = "default") => `/apis/${group}/${version}/namespaces/${namespace}/e2e-tests`,
    store: (version) => patched(path, { spec: { versions: versionsAt(version) } }),
  };
}

describe("conversion by a webhook", () => {
  it("Custom Resource Definition Conversion Webhook, conversion custom resource", async () => {
    const { objects, group } = await define();
    await created(objects("v1"), { apiVersion: `${group}/v1`, kind: "E2eTest", metadata: { name: "a" }, hostPort: "localhost:8080" });
    expect(await got(`${objects("v2")}/a`)).toMatchObject({ apiVersion: `${group}/v2`, kind: "E2eTest", metadata: { name: "a" }, host: "localhost", port: "8080" });
    expect(await got(`${objects("v2")}/a`)).not.toHaveProperty("hostPort");
    expect(await got(`${objects("v1")}/a`)).toMatchObject({ apiVersion: `${group}/v1`, hostPort: "localhost:8080" });
  });

  it("Custom Resource Definition Conversion Webhook, convert mixed version list", async () => {
    const { objects, store, path, group } = await define();
    await created(objects("v1"), { metadata: { name: "stored-at-v1" }, hostPort: "localhost:8080" });
    await store("v2");
    expect((await got(path)).status).toMatchObject({ storedVersions: ["v1", "v2"] });
    await created(objects("v1"), { metadata: { name: "stored-at-v2" }, hostPort: "example.com:443" });
    const shown = async (version: string) => (await got(objects(version))).items.map(({ metadata: { name }, hostPort, host, port }) => ({ name, hostPort, host, port }));
    expect(await shown("v1")).toEqual([{ name: "stored-at-v1", hostPort: "localhost:8080" }, { name: "stored-at-v2", hostPort: "example.com:443" }]);
    expect(await shown("v2")).toEqual([{ name: "stored-at-v1", host: "localhost", port: "8080" }, { name: "stored-at-v2", host: "example.com", port: "443" }]);
    const { kind, apiVersion } = await got(objects("v2"));
    expect([kind, apiVersion]).toEqual(["E2eTestList", `${group}/v2`]);
  });

  it("custom-resource-definition-field-selectors-list-watch-register-informers", async () => {
    const { objects } = await define({
      v1: { selectableFields: [{ jsonPath: ".hostPort" }] },
      v2: { selectableFields: [{ jsonPath: ".host" }, { jsonPath: ".port" }] },
    });
    const space = (await freshNamespace("selectable")).split("/").at(-1) ?? "";
    const at = (version: string, selector = "") => `${objects(version, space)}${selector === "" ? "" : `?fieldSelector=${encodeURIComponent(selector)}`}`;
    for (const [name, hostPort] of [["a", "host1:80"], ["b", "host1:8080"], ["c", "host2:80"]]) await created(at("v1"), { metadata: { name }, hostPort });
    const names = async (version: string, selector: string) => (await got(at(version, selector))).items.map(({ metadata }) => metadata.name);
    expect(await names("v1", "hostPort=host1:80")).toEqual(["a"]);
    expect(await names("v2", "host=host1")).toEqual(["a", "b"]);
    expect(await names("v2", "host=host1,port=80")).toEqual(["a"]);
    expect(await names("v2", "host!=host1")).toEqual(["c"]);
    expect((await call("GET", at("v1", "host=host1"))).body.message).toBe("field label not supported: host");

    const watches = await Promise.all([["v2", "host=host1"], ["v2", "port=80"], ["v1", "hostPort=host1:80"]].map(([version = "", selector = ""]) => WatchReader.open(`${at(version, selector)}&watch=true`)));
    const [byHost, byPort, byHostPort] = watches as [WatchReader, WatchReader, WatchReader];
    expect([(await byHost.take(2)).toSorted(), (await byPort.take(2)).toSorted(), await byHostPort.take(1)]).toEqual([["ADDED a", "ADDED b"], ["ADDED a", "ADDED c"], ["ADDED a"]]);
    await patched(`${at("v1")}/a`, { hostPort: "host2:81" });
    await patched(`${at("v2")}/c`, { host: "host1" });
    await call("DELETE", `${at("v1")}/b`);
    expect(await byHost.take(3)).toEqual(["DELETED a", "ADDED c", "DELETED b"]);
    expect(await byPort.take(2)).toEqual(["DELETED a", "MODIFIED c"]);
    expect(await byHostPort.take(2)).toEqual(["DELETED a", "ADDED c"]);
    await Promise.all(watches.map((watch) => watch.close()));

    // What an informer does: list, then watch from there.
    const list = await got(at("v2", "host=host1"));
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(["c"]);
    const informer = await WatchReader.open(`${at("v2", "host=host1")}&watch=true&resourceVersion=${list.metadata.resourceVersion}`);
    await created(at("v2"), { metadata: { name: "d" }, host: "host1", port: "1" });
    await created(at("v2"), { metadata: { name: "e" }, host: "host3", port: "1" });
    await call("DELETE", `${objects("v2", space)}?fieldSelector=host%3Dhost1`);
    expect(await informer.take(1)).toEqual(["ADDED d"]);
    // A collection goes in no certain order.
    expect((await informer.take(2)).toSorted()).toEqual(["DELETED c", "DELETED d"]);
    await informer.close();
    await eventually(async () => expect(await names("v1", "")).toEqual(["a", "e"]));
  });
});
