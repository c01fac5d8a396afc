/** Conversion of custom resources by webhooks (../test-conversions.ts), beyond what ../conformance/conversion.test.ts shows. */
import { beforeAll, describe, expect, it } from "vitest";
import { call, prepare, WatchReader, type Answer, type Json } from "./api.ts";

beforeAll(prepare);

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const merge = { type: "application/merge-patch+json" };
let count = 0;

const text = { type: "string" };
const common = { size: { type: "integer" }, status: { type: "object", properties: { size: { type: "integer" } } }, spec: { type: "object", properties: { size: { type: "integer" } } } };
const schemas = {
  v1: { type: "object", properties: { hostPort: text, note: { ...text, default: "none" }, ...common } },
  v2: { type: "object", properties: { host: text, port: text, note: text, ...common } },
};
const subresources = { status: {}, scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" } };
const columns = { v1: [{ name: "HostPort", type: "string", jsonPath: ".hostPort" }], v2: [{ name: "Host", type: "string", jsonPath: ".host" }] };

async function define({ hook = "https://hooks.example.com/convert", storage = "v1", strategy = "Webhook" } = {}) {
  const group = `converted-${++count}.example.com`;
  const path = `${definitions}/things.${group}`;
  const versionsAt = (stored: string) => (["v1", "v2"] as const).map((name) => ({ name, served: true, storage: stored === name, subresources, additionalPrinterColumns: columns[name], schema: { openAPIV3Schema: schemas[name] } }));
  const conversionBy = (url: string) => ({ strategy: "Webhook", webhook: { clientConfig: { url }, conversionReviewVersions: ["v1"] } });
  const spec = { group, scope: "Namespaced", names: { plural: "things", kind: "Thing" }, versions: versionsAt(storage), conversion: strategy === "Webhook" ? conversionBy(hook) : { strategy } };
  const { status, text: said } = await call("POST", definitions, { body: { metadata: { name: `things.${group}` }, spec } });
  expect(status, said).toBe(201);
  const change = async (next: object) => expect((await call("PATCH", path, { body: { spec: next }, ...merge })).status).toBe(200);
  return {
    path,
    group,
    at: (version: string, name = "") => `/apis/${group}/${version}/namespaces/default/things${name === "" ? "" : `/${name}`}`,
    store: (version: string) => change({ versions: versionsAt(version) }),
    convertBy: (url: string) => change({ conversion: conversionBy(url) }),
  };
}

const said = ({ status, body }: Answer) => `${status} ${body.message ?? ""}`;
const shown = ({ hostPort, host, port, note }: Json) => Object.fromEntries(Object.entries({ hostPort, host, port, note }).filter(([, value]) => value !== undefined));

describe("a custom resource in two versions", () => {
  it("is written through either, and read through either", async () => {
    const { at } = await define();
    const made = await call("POST", at("v2"), { body: { metadata: { name: "a" }, host: "one", port: "1" } });
    expect([made.status, shown(made.body)]).toEqual([201, { host: "one", port: "1", note: "none" }]);
    const current = (await call("GET", at("v1", "a"))).body;
    expect(shown(current)).toEqual({ hostPort: "one:1", note: "none" });
    const put = await call("PUT", at("v1", "a"), { body: { ...current, hostPort: "two:2" } });
    expect([put.status, shown(put.body), put.body.metadata.generation]).toEqual([200, { hostPort: "two:2", note: "none" }, 2]);
    const patched = await call("PATCH", at("v2", "a"), { body: { port: "3" }, ...merge });
    expect([patched.status, shown(patched.body)]).toEqual([200, { host: "two", port: "3", note: "none" }]);
    expect((await call("GET", at("v1", "a"))).body).toMatchObject({ hostPort: "two:3", metadata: { generation: 3, uid: made.body.metadata.uid } });
  });

  it("keeps what its own version does not say out, and a dry run calls nobody", async () => {
    const { at, convertBy } = await define({ storage: "v2" });
    const strict = await call("POST", `${at("v2")}?fieldValidation=Strict`, { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    expect(said(strict)).toContain('unknown field "hostPort"');
    await convertBy("https://hooks.example.com/convert-failure");
    const dry = await call("POST", `${at("v1")}?dryRun=All`, { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    expect([dry.status, dry.body["hostPort"]]).toEqual([201, "one:1"]);
  });

  it("is shown as a Table with the columns of each version, and as metadata alone", async () => {
    const { at } = await define();
    await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    const cells = async (version: string) => (await call("GET", at(version), { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" })).body["rows"];
    expect(await cells("v1")).toMatchObject([{ cells: ["a", "one:1"] }]);
    expect(await cells("v2")).toMatchObject([{ cells: ["a", "one"] }]);
    expect((await call("GET", at("v2", "a"), { accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io" })).body).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "a" } });
  });

  it("has status and scale in each", async () => {
    const { at } = await define();
    await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1", spec: { size: 1 } } });
    expect((await call("PATCH", `${at("v2", "a")}/status`, { body: { status: { size: 5 }, host: "ignored" }, ...merge })).body).toMatchObject({ host: "one", status: { size: 5 } });
    expect((await call("PATCH", `${at("v2", "a")}/scale`, { body: { spec: { replicas: 7 } }, ...merge })).body).toMatchObject({ kind: "Scale", spec: { replicas: 7 }, status: { replicas: 5 } });
    expect((await call("GET", at("v1", "a"))).body).toMatchObject({ hostPort: "one:1", spec: { size: 7 }, status: { size: 5 } });
  });

  it("is brought to the version that is stored by a write that changes nothing else", async () => {
    const { at, store, path, convertBy } = await define();
    const { body: first } = await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    const rewrite = () => call("PATCH", at("v1", "a"), { body: {}, ...merge });
    expect((await rewrite()).body.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    await store("v2");
    const { body: second } = await rewrite();
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
    expect((await rewrite()).body.metadata.resourceVersion).toBe(second.metadata.resourceVersion);
    // It needs no conversion any more.
    await convertBy("https://hooks.example.com/convert-failure");
    expect((await call("GET", at("v2", "a"))).body).toMatchObject({ host: "one", port: "1", metadata: { generation: 1 } });
    expect((await call("PATCH", `${path}/status`, { body: { status: { storedVersions: ["v2"] } }, ...merge })).body.status).toMatchObject({ storedVersions: ["v2"] });
  });

  it("is watched in each, and events come converted", async () => {
    const { at } = await define();
    const watch = await WatchReader.open(`${at("v2")}?watch=true&resourceVersion=0`);
    await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    await call("PATCH", at("v1", "a"), { body: { hostPort: "two:2" }, ...merge });
    await call("DELETE", at("v1", "a"));
    const events = [await watch.next(), await watch.next(), await watch.next()];
    expect(events.map((event) => [event?.type, event?.object["host"], event?.object.apiVersion?.split("/")[1]])).toEqual([["ADDED", "one", "v2"], ["MODIFIED", "two", "v2"], ["DELETED", "two", "v2"]]);
    await watch.close();
  });

  it("is listed in pages, and may be two hundred", async () => {
    const { at } = await define();
    await Promise.all(Array.from({ length: 230 }, (_, n) => call("POST", at("v1"), { body: { metadata: { name: `n${String(n).padStart(3, "0")}` }, hostPort: `h${n}:1` } })));
    const all = (await call("GET", at("v2"))).body.items;
    expect([all.length, new Set(all.map((item) => item["host"])).size]).toEqual([230, 230]);
    const page = (await call("GET", `${at("v2")}?limit=150&labelSelector=!none`)).body;
    const rest = (await call("GET", `${at("v2")}?limit=150&labelSelector=!none&continue=${page.metadata.continue}`)).body;
    expect([page.items.length, rest.items.length, rest.metadata.continue]).toEqual([150, 80, undefined]);
  });

  it("may have other labels in each, which selectors go by", async () => {
    const { at } = await define({ hook: "https://hooks.example.com/convert-labels" });
    await call("POST", at("v1"), { body: { metadata: { name: "a", labels: { own: "yes" } }, hostPort: "one:1" } });
    const names = async (version: string, selector: string) => (await call("GET", `${at(version)}?labelSelector=${selector}`)).body.items.map(({ metadata }) => metadata.name);
    expect(await names("v2", "version=v2,own=yes")).toEqual(["a"]);
    expect(await names("v1", "version=v2")).toEqual([]);
    expect(await names("v1", "own=yes")).toEqual(["a"]);
  });

  it("keeps all other metadata", async () => {
    const { at } = await define({ hook: "https://hooks.example.com/convert-finalizers" });
    const { body } = await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    const { metadata } = (await call("GET", at("v2", "a"))).body;
    expect(metadata).toEqual(body.metadata);
  });

  it("goes with its namespace and its definition, whatever the webhook does", async () => {
    const { at, path } = await define({ hook: "https://hooks.example.com/convert-failure" });
    expect((await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1" } })).status).toBe(201);
    await call("DELETE", path);
    await expect.poll(async () => (await call("GET", path)).status, { timeout: 10_000 }).toBe(404);
  });

  it.each<[string, string, string]>([
    ["/convert-failure", "GET", "500 conversion webhook for G/v1, Kind=Thing failed: cannot convert today"],
    ["/convert-broken", "GET", '500 conversion webhook for G/v1, Kind=Thing failed: Post "https://hooks.example.com/convert-broken": an error on the server ("no") has prevented the request from succeeding: 500'],
    ["/convert-nothing", "GET", "500 conversion webhook for G/v1, Kind=Thing returned 0 objects, expected 1"],
    ["/convert-to-itself", "GET", "500 conversion webhook for G/v1, Kind=Thing returned invalid converted object at index 0: invalid groupVersion (expected G/v2, received G/v1)"],
    ["/convert-name", "GET", "500 conversion webhook for G/v1, Kind=Thing returned invalid converted object at index 0: must have the same name: a != another"],
    ["/convert-without-metadata", "GET", "500 conversion webhook for G/v1, Kind=Thing returned invalid converted object at index 0: must have the same name: a != "],
    ["/convert-name", "POST", "500 conversion webhook for G/v2, Kind=Thing returned invalid converted object at index 0: must have the same name: b != another"],
  ])("is refused with a webhook's failure: %s, %s", async (hook, verb, message) => {
    const { at, group, convertBy } = await define();
    await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    await convertBy(`https://hooks.example.com${hook}`);
    const answer = verb === "GET" ? await call("GET", at("v2", "a")) : await call("POST", at("v2"), { body: { metadata: { name: "b" }, host: "one", port: "1" } });
    expect(said(answer)).toBe(message.replaceAll("G/", `${group}/`));
    expect((await call("GET", at("v1"))).body.items).toHaveLength(1);
  });

  it("is not converted by a webhook at a private address, or by a Service", async () => {
    const { at, group, path, convertBy } = await define();
    await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    await convertBy("https://169.254.169.254/convert");
    const failed = `500 conversion webhook for ${group}/v1, Kind=Thing failed:`;
    expect(said(await call("GET", at("v2", "a")))).toBe(`${failed} Post "https://169.254.169.254/convert": 169.254.169.254 is a private address, which WEBHOOK_ALLOW_PRIVATE does not name`);
    const clientConfig = { url: null, service: { namespace: "default", name: "converter" } };
    expect((await call("PATCH", path, { body: { spec: { conversion: { webhook: { clientConfig } } } }, ...merge })).status).toBe(200);
    expect(said(await call("GET", at("v2", "a")))).toBe(`${failed} service default/converter cannot be reached from the control plane`);
  });

  it("tells a watch of a failure, and ends it", async () => {
    const { at } = await define({ hook: "https://hooks.example.com/convert-failure" });
    const watch = await WatchReader.open(`${at("v2")}?watch=true&resourceVersion=0`);
    await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1" } });
    expect(await watch.next()).toMatchObject({ type: "ERROR", object: { code: 500, message: expect.stringContaining("cannot convert today") } });
    expect(await watch.next()).toBeUndefined();
  });

  const apply = (path: string, manager: string, body: object, force = false) =>
    call("PATCH", `${path}?fieldManager=${manager}&force=${force}`, { body, type: "application/apply-patch+yaml" });
  const managersOf = ({ body }: Answer) => (body.metadata["managedFields"] as { manager: string; apiVersion: string; fieldsV1: object }[]).map(({ manager, apiVersion, fieldsV1 }) => `${manager} ${apiVersion.split("/")[1]} ${Object.keys(fieldsV1).join(",")}`);

  it("is applied in each, and who owns what is known in each manager's own words", async () => {
    const { at, group } = await define();
    const v1 = (fields: object) => ({ apiVersion: `${group}/v1`, kind: "Thing", metadata: { name: "a" }, ...fields });
    const v2 = (fields: object) => ({ apiVersion: `${group}/v2`, kind: "Thing", metadata: { name: "a" }, ...fields });
    const made = await apply(at("v1", "a"), "first", v1({ hostPort: "one:1", size: 1 }));
    expect([made.status, managersOf(made)]).toEqual([201, ["first v1 f:hostPort,f:size"]]);
    // The port alone is another one, but in the words of v1 it is one field with the host.
    const contested = await apply(at("v2", "a"), "second", v2({ port: "2" }));
    expect(said(contested)).toBe('409 Apply failed with 1 conflict: conflict with "first": .hostPort');
    const forced = await apply(at("v2", "a"), "second", v2({ port: "2" }), true);
    expect([forced.status, forced.body["host"], managersOf(forced).toSorted()]).toEqual([200, "one", ["first v1 f:size", "second v2 f:port"]]);
    expect((await call("GET", at("v1", "a"))).body["hostPort"]).toBe("one:2");
    // Agreeing is no conflict, in whichever words.
    const agreed = await apply(at("v1", "a"), "first", v1({ hostPort: "one:2", size: 1 }));
    expect([agreed.status, managersOf(agreed).toSorted()]).toEqual([200, ["first v1 f:hostPort,f:size", "second v2 f:port"]]);
    // An update through v2 of what v1's words own takes it from there.
    const updated = await call("PATCH", `${at("v2", "a")}?fieldManager=third`, { body: { host: "three" }, ...merge });
    expect(managersOf(updated).toSorted()).toEqual(["first v1 f:size", "second v2 f:port", "third v2 f:host"]);
  });

  it("loses, applied in another version, what its manager applied in the one before and says no more", async () => {
    const { at, group } = await define();
    const thing = (version: string, fields: object) => ({ apiVersion: `${group}/${version}`, kind: "Thing", metadata: { name: "a" }, ...fields });
    await apply(at("v1", "a"), "first", thing("v1", { hostPort: "one:1", size: 1, spec: { size: 3 } }));
    await apply(at("v1", "a"), "other", thing("v1", { size: 1 }));
    const moved = await apply(at("v2", "a"), "first", thing("v2", { spec: { size: 4 } }));
    expect([moved.status, moved.body["host"], moved.body["size"], moved.body.spec]).toEqual([200, undefined, 1, { size: 4 }]);
    expect(managersOf(moved).toSorted()).toEqual(["first v2 f:spec", "other v1 f:size"]);
  });

  it("without a webhook differs in its version alone", async () => {
    const { at, store } = await define({ strategy: "None" });
    const { body: first } = await call("POST", at("v1"), { body: { metadata: { name: "a" }, hostPort: "one:1", note: "kept" } });
    await store("v2");
    expect(shown((await call("GET", at("v2", "a"))).body)).toEqual({ note: "kept" });
    expect((await call("PATCH", at("v2", "a"), { body: {}, ...merge })).body.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
  });
});
