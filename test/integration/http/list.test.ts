/** Lists through the whole Worker: pages, selectors and forms. */
import { env, evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { call, namespace, prepare } from "./api.ts";

let ns: string;
const count = 12;
const table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

beforeAll(async () => {
  await prepare();
  ns = await namespace("listing");
  for (let at = 0; at < count; at += 1) {
    const name = `item-${String(at).padStart(2, "0")}`;
    const body = { metadata: { name, labels: { parity: at % 2 === 0 ? "even" : "odd" } } };
    await call("POST", `${ns}/configmaps`, { body });
    // Nobody else makes Secrets here: they can be counted.
    await call("POST", `${ns}/secrets`, { body });
  }
});

const names = (body: { items: { metadata: { name: string } }[] }): string[] => body.items.map(({ metadata }) => metadata.name);

describe("pages", () => {
  test("are of one revision, whatever is written meanwhile", async () => {
    const first = await call("GET", `${ns}/secrets?limit=5`);
    expect(names(first.body)).toHaveLength(5);
    expect(first.body.metadata.remainingItemCount).toBe(count - 5);
    await call("POST", `${ns}/secrets`, { body: { metadata: { name: "item-99" } } });
    await call("DELETE", `${ns}/secrets/item-11`);
    const second = await call("GET", `${ns}/secrets?limit=5&continue=${first.body.metadata.continue}`);
    const third = await call("GET", `${ns}/secrets?limit=5&continue=${second.body.metadata.continue}`);
    expect(third.body.metadata.continue).toBeUndefined();
    expect([second, third].map(({ body }) => body.metadata.resourceVersion)).toEqual(
      [first, first].map(({ body }) => body.metadata.resourceVersion),
    );
    const all = [first, second, third].flatMap(({ body }) => names(body));
    expect(all).toHaveLength(count);
    expect(all).toContain("item-11");
    expect(all).not.toContain("item-99");
  });

  test("an exact multiple leaves no empty page behind", async () => {
    const { body } = await call("GET", `${ns}/secrets?limit=6&labelSelector=parity%3Deven`);
    expect(names(body)).toHaveLength(6);
    expect(body.metadata.continue).toBeUndefined();
  });

  test("a token that is none is refused", async () => {
    const { status, body } = await call("GET", `${ns}/secrets?limit=5&continue=abc`);
    expect(status).toBe(400);
    expect(body.message).toContain("continue key is not valid");
  });
});

describe("selectors", () => {
  test.each([
    ["labelSelector=parity%3Dodd", "item-01"],
    ["labelSelector=parity+in+(odd),parity!%3Deven", "item-01"],
    ["fieldSelector=metadata.name%3Ditem-03", "item-03"],
    ["fieldSelector=metadata.name!%3Ditem-00&labelSelector=parity%3Deven", "item-02"],
  ])("%s begins with %s", async (query, name) => {
    const { body } = await call("GET", `${ns}/configmaps?${query}`);
    expect(names(body)[0]).toBe(name);
  });

  test("a field that nobody indexes is refused in upstream's words", async () => {
    const pods = await call("GET", `${ns}/pods?fieldSelector=spec.foo%3Dx`);
    expect([pods.status, pods.body.message]).toEqual([400, "field label not supported: spec.foo"]);
    const maps = await call("GET", `${ns}/configmaps?fieldSelector=data.x%3Dx`);
    expect(maps.body.message).toBe('"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"');
  });

  test("a label selector that is none is refused", async () => {
    expect((await call("GET", `${ns}/configmaps?labelSelector=a%20in%20b`)).status).toBe(400);
  });
});

describe("resourceVersion", () => {
  test("Exact answers as of then", async () => {
    const { body: then } = await call("GET", `${ns}/configmaps`);
    await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "later" } } });
    const query = `resourceVersion=${then.metadata.resourceVersion}&resourceVersionMatch=Exact`;
    const { body } = await call("GET", `${ns}/configmaps?${query}`);
    expect(names(body)).toEqual(names(then));
  });

  test("of the future is refused with the cause that clients know", async () => {
    const { status, body } = await call("GET", `${ns}/configmaps?resourceVersion=999999999`);
    expect(status).toBe(504);
    expect(body).toMatchObject({ reason: "Timeout", details: { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 } });
  });

  test("resourceVersionMatch alone is refused", async () => {
    const { status, body } = await call("GET", `${ns}/configmaps?resourceVersionMatch=Exact`);
    expect(status).toBe(422);
    expect(body.message).toContain("resourceVersionMatch is forbidden unless resourceVersion is provided");
  });

  test("that is no number is refused", async () => {
    expect((await call("GET", `${ns}/configmaps?resourceVersion=abc`)).status).toBe(400);
  });
});

describe("forms", () => {
  test("a Table has the kind's columns, and metadata beside each row", async () => {
    const { body } = await call("GET", `${ns}/configmaps?limit=2`, { accept: table });
    expect(body).toMatchObject({ kind: "Table", apiVersion: "meta.k8s.io/v1" });
    expect((body["columnDefinitions"] as { name: string }[]).map(({ name }) => name)).toEqual(["Name", "Data", "Age"]);
    expect(body["rows"]).toMatchObject([{ cells: ["item-00", 0, expect.any(String)], object: { kind: "PartialObjectMetadata" } }, {}]);
    expect(body.metadata.continue).toBeDefined();
  });

  test("includeObject decides what a row carries", async () => {
    const rows = async (include: string) => (await call("GET", `${ns}/configmaps/item-00?includeObject=${include}`, { accept: table })).body["rows"];
    expect(await rows("None")).toMatchObject([{ object: null }]);
    expect(await rows("Object")).toMatchObject([{ object: { kind: "ConfigMap" } }]);
  });

  test("PartialObjectMetadataList has no data", async () => {
    const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    const { body } = await call("GET", `${ns}/configmaps?limit=1`, { accept });
    expect(body).toMatchObject({ kind: "PartialObjectMetadataList", items: [{ kind: "PartialObjectMetadata" }] });
  });

  test("items leave out what the list says of all", async () => {
    const { body } = await call("GET", `${ns}/configmaps?limit=1`);
    expect(body).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1" });
    expect(body.items[0]?.kind).toBeUndefined();
    expect(body.items[0]?.metadata.resourceVersion).toMatch(/^\d+$/);
  });
});

describe("what a list may be asked of its revision", () => {
  const forbidden = (query: string, message: string) => [query, 422, `ListOptions.meta.k8s.io "" is invalid: ${message}`] as const;

  test.each([
    forbidden("resourceVersionMatch=Exact", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"),
    forbidden("resourceVersion=0&resourceVersionMatch=Exact", 'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    forbidden("resourceVersion=1&resourceVersionMatch=Newest", 'resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""'),
    forbidden("sendInitialEvents=false", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"),
    forbidden("watch=1&resourceVersionMatch=NotOlderThan", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"),
    forbidden(
      "watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
      '[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ),
  ])("%s", async (query, code, message) => {
    const { status, body } = await call("GET", `${ns}/configmaps?${query}`);
    expect([status, body.message]).toEqual([code, message]);
  });

  test("a page of an older state is of that state", async () => {
    const { body: then } = await call("GET", `${ns}/configmaps`);
    await call("POST", `${ns}/configmaps`, { body: { metadata: { name: "aaa-newer" } } });
    const { body } = await call("GET", `${ns}/configmaps?limit=3&resourceVersion=${then.metadata.resourceVersion}`);
    expect([names(body), body.metadata.resourceVersion]).toEqual([names(then).slice(0, 3), then.metadata.resourceVersion]);
    const newest = await call("GET", `${ns}/configmaps?limit=3&resourceVersionMatch=NotOlderThan&resourceVersion=${then.metadata.resourceVersion}`);
    expect(names(newest.body)[0]).toBe("aaa-newer");
  });

  test("parameters that nobody knows are ignored", async () => {
    expect((await call("GET", `${ns}/configmaps?unknown=1&fieldManager=x&limit=1`)).status).toBe(200);
  });
});

describe("a collection is deleted", () => {
  test("as far as selectors, limit and dry run allow", async () => {
    const path = `${await namespace("collection")}/secrets`;
    for (const name of ["a", "b", "c", "d"]) await call("POST", path, { body: { metadata: { name, labels: { of: name < "c" ? "first" : "second" } } } });
    const dry = await call("DELETE", `${path}?dryRun=All`);
    expect(names(dry.body)).toEqual(["a", "b", "c", "d"]);
    await call("DELETE", `${path}?labelSelector=of%3Dsecond&limit=1`);
    expect(names((await call("GET", path)).body)).toEqual(["a", "b", "d"]);
    await call("DELETE", `${path}?fieldSelector=metadata.name%3Da`);
    expect(names((await call("GET", path)).body)).toEqual(["b", "d"]);
  });
});

test("of a state that was forgotten is expired", async () => {
  await env.DB.exec("UPDATE meta SET floor = rv");
  await evictDurableObject(env.STORE.getByName("store"));
  const { status, body } = await call("GET", `${ns}/configmaps?resourceVersion=1&resourceVersionMatch=Exact`);
  expect([status, body.reason, body.message]).toEqual([410, "Expired", "The resourceVersion for the provided list is too old."]);
});
