/** What conformance asks of every API by the words "MUST support create, get, list, watch, update, patch, delete, and deletecollection". */
import { expect } from "vitest";
import { call, type Json, WatchReader } from "../http/api.ts";
import { created, eventuallyGone, got, namesAt, patched, removed } from "./harness.ts";

export interface ApiUnderTest {
  /** `/apis/storage.k8s.io/v1` */
  groupVersion: string;
  /** Where its objects are: the group's path, or one with a namespace. */
  path: string;
  plural: string;
  /** All but the metadata. */
  sample: object;
  subresources?: string[];
  /** A status to patch in, and one to update to. */
  statuses?: [object, object];
}

const label = { "test-label": "operations" };
const selector = "?labelSelector=test-label%3Doperations";

export async function supportsEveryOperation(api: ApiUnderTest): Promise<void> {
  await expectDiscovered(api);
  const collection = `${api.path}/${api.plural}`;
  const watch = await WatchReader.open(`${collection}${selector}&watch=true`);
  const made = await created(collection, { ...api.sample, metadata: { name: "one", labels: label } });
  await created(collection, { ...api.sample, metadata: { name: "two", labels: label } });
  expect((await got(`${collection}/one`)).metadata.uid).toBe(made.metadata.uid);
  expect(await namesAt(`${collection}${selector}`)).toEqual(["one", "two"]);
  await patched(`${collection}/one`, { metadata: { annotations: { patched: "true" } } });
  await update(`${collection}/one`, (object) => void Object.assign(object.metadata, { annotations: { ...object.metadata.annotations, updated: "true" } }));
  expect((await got(`${collection}/one`)).metadata.annotations).toMatchObject({ patched: "true", updated: "true" });
  await expectSeen(watch, ["ADDED one", "ADDED two", "MODIFIED one", "MODIFIED one"]);
  await watch.close();
  if (api.statuses !== undefined) await writeStatuses(`${collection}/one`, api.statuses);
  await removed(`${collection}/one`);
  await eventuallyGone(`${collection}/one`);
  await removed(`${collection}${selector}`);
  await eventuallyGone(`${collection}/two`);
  expect(await namesAt(`${collection}${selector}`)).toEqual([]);
}

/** In this order; a controller may write a status between. */
async function expectSeen(watch: WatchReader, expected: string[]): Promise<void> {
  for (const left = [...expected]; left.length > 0;) {
    const event = await watch.next();
    if (event === undefined) throw new Error(`the watch ended before it told ${left.join(", ")}`);
    const seen = `${event.type} ${event.object.metadata.name}`;
    if (seen === left[0]) left.shift();
    else expect([seen, event.object.status]).toEqual([expect.stringMatching(/^MODIFIED/), expect.anything()]);
  }
}

async function expectDiscovered({ groupVersion, plural, subresources = [] }: ApiUnderTest): Promise<void> {
  const [, , group = "", version = ""] = groupVersion.split("/");
  if (groupVersion.startsWith("/apis/")) {
    const { groups } = (await got("/apis")) as unknown as { groups: { name: string; versions: { version: string }[] }[] };
    expect(groups.find(({ name }) => name === group)?.versions.map((one) => one.version)).toContain(version);
    expect((await got(`/apis/${group}`))["versions"]).toContainEqual({ groupVersion: `${group}/${version}`, version });
  }
  const { resources } = (await got(groupVersion)) as unknown as { resources: { name: string; verbs: string[] }[] };
  const own = resources.find(({ name }) => name === plural);
  expect(own?.verbs.toSorted()).toEqual(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
  expect(resources.map(({ name }) => name)).toEqual(expect.arrayContaining(subresources.map((subresource) => `${plural}/${subresource}`)));
}

async function update(path: string, change: (object: Json) => void): Promise<Json> {
  const object = await got(path);
  change(object);
  const answer = await call("PUT", path, { body: object });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
}

async function writeStatuses(path: string, [first, second]: [object, object]): Promise<void> {
  const { spec } = await got(path);
  expect((await patched(`${path}/status`, { status: first })).status).toMatchObject(first);
  expect((await got(`${path}/status`)).status).toMatchObject(first);
  expect((await update(`${path}/status`, (object) => void Object.assign(object, { status: second }))).status).toMatchObject(second);
  const after = await got(path);
  expect(after.status).toMatchObject(second);
  expect(after.spec).toEqual(spec);
}
