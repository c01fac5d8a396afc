/** Every kind through the whole Worker: what a client does with any of them, with one sample of each. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { apiVersionOf, resources } from "../../../worker/resources/registry.ts";
import type { Resource } from "../../../worker/resources/resource.ts";
import { anotherName, renamed, sampleNamespace, sampleOf } from "../../../worker/resources/samples.ts";
import { call, namespace, prepare, WatchReader, type Answer, type Json } from "./api.ts";

const mark = { "test.example.com/kinds": "yes" };
/** A Job leaves its pods behind if nobody says otherwise, and waits until they are free. */
const background = { propagationPolicy: "Background" };
const merge = "application/merge-patch+json";
const tableType = "application/json;as=Table;g=meta.k8s.io;v=v1";
const metadataType = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

beforeAll(async () => {
  await prepare();
  await namespace(sampleNamespace);
});

function collectionOf(resource: Resource): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  return `${root}${resource.isNamespaced ? `/namespaces/${sampleNamespace}` : ""}/${resource.plural}`;
}

function bodyOf(resource: Resource): Json {
  const { object } = sampleOf(resource);
  // A sample is what a client sends; only its name and labels are looked at here.
  return { ...object, metadata: { ...object.metadata, labels: mark } } as unknown as Json;
}

/** Not those that are only answered (reviews), nor definitions, whose names follow from their specs (./custom-resources.test.ts). */
const full = resources.filter(({ isStored, kind }) => isStored !== false && kind !== "CustomResourceDefinition");

describe.each(full.map((resource) => [`${apiVersionOf(resource)} ${resource.kind}`, resource] as const))("%s", (_, resource) => {
  const collection = collectionOf(resource);
  const body = bodyOf(resource);
  const path = `${collection}/${body.metadata.name}`;

  test("is created, read, listed, changed, watched and deleted", async () => {
    const before = await call("GET", collection);
    expect(before.body.kind).toBe(resource.listKind);
    const selection = `fieldSelector=metadata.name%3D${body.metadata.name}`;
    const watch = await WatchReader.open(`${collection}?watch=true&${selection}&resourceVersion=${before.body.metadata.resourceVersion}`);

    const created = await call("POST", collection, { body });
    expect(created.status, created.text).toBe(201);
    expect(created.body).toMatchObject({ apiVersion: apiVersionOf(resource), kind: resource.kind });
    expect(created.body.metadata.generation).toBe(resource.hasGeneration ? 1 : undefined);
    expect((await call("GET", path)).body).toEqual(created.body);
    const listed = await call("GET", `${collection}?${selection}`);
    const { apiVersion: _apiVersion, kind: _kind, ...item } = created.body;
    expect(listed.body.items).toEqual([item]);

    const updated = await put(path, path, (object) => changed(object, { by: "put" }));
    expect(updated.status, updated.text).toBe(200);
    expect(updated.body.metadata.annotations).toMatchObject({ by: "put" });
    const patched = await call("PATCH", path, { body: { metadata: { annotations: { by: "patch" } } }, type: merge });
    expect(patched.status, patched.text).toBe(200);
    expect(patched.body.metadata.annotations).toMatchObject({ by: "patch" });
    expect(patched.body.spec).toEqual(updated.body.spec);

    const deleted = await call("DELETE", path, { body: background });
    expect(deleted.status, deleted.text).toBe(200);
    expect(await annotationsSeen(watch)).toEqual([undefined, "put", "patch", "deleted"]);
    // Claims and volumes have a finalizer, whose controller is a moment behind.
    if (resource.kind !== "Namespace") await vi.waitFor(async () => expect((await call("GET", path)).status).toBe(404), { timeout: 10_000 });
  });

  test("is shown as a table, as metadata, and taken as YAML", async () => {
    const name = anotherName(sampleOf(resource), 1);
    const own = renamed(body, name);
    const dry = await call("POST", `${collection}?dryRun=All`, { text: yamlOf(own), type: "application/yaml" });
    expect(dry.status, dry.text).toBe(201);
    const created = await call("POST", collection, { body: own });
    expect(created.status, created.text).toBe(201);
    const table = await call("GET", `${collection}/${name}`, { accept: tableType });
    expect(table.body.kind).toBe("Table");
    const columns = table.body["columnDefinitions"] as { name: string }[];
    expect(columns.map((column) => column.name)).toEqual(resource.columns.map((column) => column.name));
    const [row] = table.body["rows"] as { cells: unknown[] }[];
    expect(row?.cells[columns.findIndex((column) => column.name === "Name")]).toBe(name);
    const metadata = await call("GET", `${collection}/${name}`, { accept: metadataType });
    expect(metadata.body).toMatchObject({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name, uid: created.body.metadata.uid } });
    expect(Object.keys(metadata.body).toSorted()).toEqual(["apiVersion", "kind", "metadata"]);
    expect((await call("DELETE", `${collection}/${name}`, { body: background })).status).toBe(200);
  });

  test("is applied on the server, and again without a change", async () => {
    const name = anotherName(sampleOf(resource), 5);
    const path = `${collection}/${name}?fieldManager=test`;
    const configuration = { ...renamed(body, name), apiVersion: apiVersionOf(resource), kind: resource.kind };
    const applied = await call("PATCH", path, { body: configuration, type: "application/apply-patch+yaml" });
    expect(applied.status, applied.text).toBe(201);
    expect(applied.body.metadata["managedFields"]).toMatchObject([{ manager: "test", operation: "Apply", apiVersion: apiVersionOf(resource) }]);
    const again = await call("PATCH", path, { body: configuration, type: "application/apply-patch+yaml" });
    expect(again.status, again.text).toBe(200);
    expect(again.body.metadata.generation).toBe(applied.body.metadata.generation);
    expect((await call("DELETE", `${collection}/${name}`, { body: background })).status).toBe(200);
  });

  test("is refused with a field that it does not have, when the client is strict", async () => {
    const { status, body: answer } = await call("POST", `${collection}?fieldValidation=Strict`, { body: { ...body, nonsense: 1 } });
    expect(status).toBe(400);
    expect(answer.message).toContain('unknown field "nonsense"');
  });

  if (resource.subresources.status !== undefined) test("has its status written on its own", async () => {
    const name = anotherName(sampleOf(resource), 2);
    const { status } = sampleOf(resource);
    const created = await call("POST", collection, { body: renamed(body, name) });
    expect(created.status, created.text).toBe(201);
    const written = await put(`${collection}/${name}`, `${collection}/${name}/status`, (object) => ({ ...changed(object, {}), status }));
    expect(written.status, written.text).toBe(200);
    expect(written.body.status).toMatchObject(status ?? {});
    expect(written.body.metadata.generation).toBe(created.body.metadata.generation);
    expect((await call("GET", `${collection}/${name}/status`)).body.metadata.uid).toBe(created.body.metadata.uid);
    expect((await call("DELETE", `${collection}/${name}`, { body: background })).status).toBe(200);
  });

  if (resource.verbs.includes("deletecollection")) test("is deleted with its collection", async () => {
    const names = [3, 4].map((at) => anotherName(sampleOf(resource), at));
    for (const name of names) expect((await call("POST", collection, { body: renamed(body, name) })).status).toBe(201);
    const { status, body: list } = await call("DELETE", `${collection}?labelSelector=test.example.com%2Fkinds%3Dyes`, { body: background });
    expect(status).toBe(200);
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(names);
    await vi.waitFor(async () => expect((await call("GET", `${collection}?labelSelector=test.example.com%2Fkinds%3Dyes`)).body.items).toEqual([]), { timeout: 10_000 });
  });

  /** As a client sends it back: with the version where the kind insists on it, else whatever a controller did meanwhile. */
  function changed(object: Json, annotations: Record<string, string>): Json {
    const { resourceVersion, ...metadata } = object.metadata;
    const kept = resource.needsResourceVersion === true ? { resourceVersion } : {};
    return { ...object, metadata: { ...metadata, ...kept, annotations } } as Json;
  }
});

/** As clients do it: a controller may have written in between, and then they read again. */
async function put(readAt: string, writeAt: string, change: (object: Json) => Json): Promise<Answer> {
  for (let left = 10; ; left--) {
    const { body } = await call("GET", readAt);
    const answer = await call("PUT", writeAt, { body: change(body) });
    if (answer.status !== 409 || left === 0) return answer;
  }
}

/** What each state of the object says of who wrote it, and how it ended; what controllers write in between counts once. */
async function annotationsSeen(watch: WatchReader): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  for (;;) {
    const event = await watch.next();
    const { deletionTimestamp, annotations } = event?.object.metadata ?? {};
    if (event === undefined || event.type === "DELETED" || deletionTimestamp !== undefined) {
      await watch.close();
      return [...seen, "deleted"];
    }
    const by = annotations?.["by"];
    if (seen.length === 0 || seen.at(-1) !== by) seen.push(by);
  }
}

/** JSON is YAML; written over several lines, it is not JSON's own type any more. */
const yamlOf = (value: unknown): string => `# as YAML\n${JSON.stringify(value, null, 2)}\n`;
