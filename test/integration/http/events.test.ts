/** Events are one object in two groups: what is written by one is read, watched and patched by the other. */
import { beforeAll, expect, test } from "vitest";
import { call, namespace, prepare, WatchReader, type Json } from "./api.ts";

let core: string;
let group: string;

beforeAll(async () => {
  await prepare();
  core = `${await namespace("events")}/events`;
  group = "/apis/events.k8s.io/v1/namespaces/events/events";
});

const newer = (name: string) => ({
  metadata: { name },
  eventTime: "2026-01-01T00:00:00.000000Z",
  regarding: { kind: "Pod", name: "web", namespace: "events" },
  reportingController: "example.com/recorder",
  reportingInstance: "recorder-1",
  action: "Starting",
  reason: "Started",
  note: "it is up",
  type: "Normal",
});
const older = (name: string) => ({ metadata: { name }, involvedObject: { kind: "Pod", name: "web", namespace: "events" }, message: "it was up", count: 3 });

test("what a recorder of the new group writes is read in both", async () => {
  const created = await call("POST", group, { body: newer("new") });
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({ apiVersion: "events.k8s.io/v1", kind: "Event", note: "it is up", regarding: { name: "web" } });
  const read = await call("GET", `${core}/new`);
  expect(read.body).toMatchObject({ apiVersion: "v1", message: "it is up", involvedObject: { name: "web" }, reportingComponent: "example.com/recorder" });
  expect(read.body).not.toHaveProperty("note");
  expect(read.body.metadata.uid).toBe(created.body.metadata.uid);
});

test("what the core group has is listed in the new one, chosen by its own fields", async () => {
  await call("POST", core, { body: older("old") });
  const { body } = await call("GET", `${group}?fieldSelector=regarding.name=web,metadata.name=old`);
  expect(body).toMatchObject({ kind: "EventList", apiVersion: "events.k8s.io/v1" });
  expect(body.items).toMatchObject([{ note: "it was up", deprecatedCount: 3, regarding: { kind: "Pod" } }]);
  expect(body.items[0]).not.toHaveProperty("apiVersion");
  const unknown = await call("GET", `${group}?fieldSelector=involvedObject.name=web`);
  expect([unknown.status, unknown.body.message]).toEqual([400, "field label not supported: involvedObject.name"]);
});

test("a recorder goes on with its series by a patch", async () => {
  await call("POST", group, { body: newer("series") });
  const patch = { series: { count: 2, lastObservedTime: "2026-01-01T00:05:00.000000Z" } };
  const patched = await call("PATCH", `${group}/series`, { body: patch, type: "application/strategic-merge-patch+json" });
  expect(patched.status).toBe(200);
  expect(patched.body).toMatchObject({ apiVersion: "events.k8s.io/v1", note: "it is up", series: patch.series });
  expect((await call("GET", `${core}/series`)).body["series"]).toEqual(patch.series);
});

test("the new group keeps to its own rules, in the words of both", async () => {
  const missing = await call("POST", group, { body: { ...newer("bad"), action: undefined, deprecatedCount: 1 } });
  expect(missing.status).toBe(422);
  expect(missing.body.message).toContain('Event "bad" is invalid: [');
  expect(missing.body.message).toContain("action: Required value");
  const changed = await call("PATCH", `${group}/new`, { body: { note: "other" }, type: "application/merge-patch+json" });
  expect([changed.status, changed.body.message]).toEqual([422, 'Event "new" is invalid: message: Invalid value: "other": field is immutable']);
  const absent = await call("GET", `${group}/absent`);
  expect([absent.status, absent.body.message]).toEqual([404, 'events "absent" not found']);
});

test("a watch of each group shows its own form", async () => {
  const { body } = await call("GET", core);
  const path = (base: string) => `${base}?watch=true&resourceVersion=${body.metadata.resourceVersion}`;
  const [ofCore, ofGroup] = await Promise.all([WatchReader.open(path(core)), WatchReader.open(path(group))]);
  await call("POST", group, { body: newer("watched") });
  const seen = await Promise.all([ofCore.next(), ofGroup.next()]);
  expect(seen.map((event) => event?.object)).toMatchObject([{ apiVersion: "v1", message: "it is up" }, { apiVersion: "events.k8s.io/v1", note: "it is up" }]);
  await Promise.all([ofCore.close(), ofGroup.close()]);
});

test("tables of both are alike", async () => {
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const [ofCore, ofGroup] = await Promise.all([core, group].map((base) => call<Json & { rows: { cells: unknown[] }[] }>("GET", `${base}?fieldSelector=metadata.name=new`, { accept })));
  expect(ofGroup?.body.rows[0]?.cells).toEqual(ofCore?.body.rows[0]?.cells);
});

test("deleting a collection of one empties the other", async () => {
  const { body } = await call("DELETE", group);
  expect(body).toMatchObject({ kind: "EventList", apiVersion: "events.k8s.io/v1" });
  expect((await call("GET", core)).body.items).toEqual([]);
});

test("a PUT makes an event or a lease that is not there, and replaces a lease only by its version", async () => {
  expect((await call("PUT", `${core}/put`, { body: older("put") })).status).toBe(201);
  const leases = "/apis/coordination.k8s.io/v1/namespaces/events/leases";
  const lease = { metadata: { name: "l" }, spec: { holderIdentity: "a" } };
  const made = await call("PUT", `${leases}/l`, { body: lease });
  expect(made.status).toBe(201);
  const blind = await call("PUT", `${leases}/l`, { body: lease });
  expect([blind.status, blind.body.message]).toEqual([422, 'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update']);
  const { resourceVersion } = made.body.metadata;
  expect((await call("PUT", `${leases}/l`, { body: { ...lease, metadata: { name: "l", resourceVersion } } })).status).toBe(200);
  expect((await call("PUT", "/api/v1/namespaces/events/configmaps/x", { body: { metadata: { name: "x" } } })).status).toBe(404);
});
