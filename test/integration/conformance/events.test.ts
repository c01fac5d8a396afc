import { beforeAll, describe, expect, it } from "vitest";
import { call, prepare, type Json } from "../http/api.ts";
import { created, freshNamespace, got, namesAt, patched, removed } from "./harness.ts";

beforeAll(prepare);

const group = "/apis/events.k8s.io/v1";
const label = "testevent-constant";
const regarding = (space: string) => ({ kind: "Pod", name: "web", namespace: space.split("/").at(-1) });

const newer = (space: string, name: string) => ({
  metadata: { name, labels: { [label]: "true" } },
  eventTime: "2026-01-01T00:00:00.123456Z",
  regarding: regarding(space),
  reportingController: "test-controller",
  reportingInstance: "test-node",
  action: "Do",
  reason: "Test",
  note: "This is a test event",
  type: "Normal",
});

const older = (space: string, name: string) => ({
  metadata: { name, labels: { [label]: "true" } },
  involvedObject: regarding(space),
  message: "This is a test event",
  reason: "Test",
  type: "Normal",
  count: 1,
});

const replaced = async (path: string, change: object): Promise<Json> => {
  const { status, body, text } = await call("PUT", path, { body: { ...(await got(path)), ...change } });
  if (status !== 200) throw new Error(text);
  return body;
};
const series = (count: number) => ({ count, lastObservedTime: "2026-01-01T00:05:00.000001Z" });
const strategic = "application/strategic-merge-patch+json";
const everywhere = async (base: string, space: string) => {
  const namespace = space.split("/").at(-1);
  const { items } = await got(`${base}/events?labelSelector=${label}%3Dtrue`);
  return items.filter(({ metadata }) => metadata["namespace"] === namespace).map(({ metadata }) => metadata.name);
};

describe("events of both groups", () => {
  it("Event, manage lifecycle of an Event", async () => {
    const space = await freshNamespace("event");
    const path = `${space}/events/one`;
    await created(`${space}/events`, older(space, "one"));
    expect(await everywhere("/api/v1", space)).toEqual(["one"]);
    await patched(path, { message: "This is a patch test event" }, strategic);
    expect((await got(path)).message).toBe("This is a patch test event");
    await replaced(path, { series: series(100) });
    expect((await got(path))["series"]).toEqual(series(100));
    await removed(path);
    expect(await everywhere("/api/v1", space)).toEqual([]);
  });

  it("Event, delete a collection", async () => {
    const space = await freshNamespace("event-set");
    for (const name of ["one", "two", "three"]) await created(`${space}/events`, older(space, name));
    const selected = `${space}/events?labelSelector=${label}%3Dtrue`;
    expect((await namesAt(selected)).toSorted()).toEqual(["one", "three", "two"]);
    await removed(selected);
    expect(await namesAt(selected)).toEqual([]);
  });

  it("New Event resource lifecycle, testing a single event", async () => {
    const space = await freshNamespace("new-event");
    const events = `${group}/namespaces/${space.split("/").at(-1)}/events`;
    const one = await created(events, newer(space, "one"));
    expect(one["eventTime"]).toBe("2026-01-01T00:00:00.123456Z");
    expect([await everywhere(group, space), await namesAt(events)]).toEqual([["one"], ["one"]]);
    expect(await namesAt(`${events}?fieldSelector=reportingController%3Dtest-controller`)).toEqual(["one"]);
    await patched(`${events}/one`, { series: series(2) }, strategic);
    expect((await got(`${events}/one`))["series"]).toEqual(series(2));
    await replaced(`${events}/one`, { series: series(100) });
    expect((await got(`${events}/one`))["series"]).toEqual(series(100));
    await removed(`${events}/one`);
    expect(await everywhere(group, space)).toEqual([]);
  });

  it("New Event resource lifecycle, testing a list of events", async () => {
    const space = await freshNamespace("new-event-set");
    const events = `${group}/namespaces/${space.split("/").at(-1)}/events`;
    for (const name of ["one", "two", "three"]) await created(events, newer(space, name));
    const selected = `${events}?labelSelector=${label}%3Dtrue`;
    expect(await namesAt(selected)).toHaveLength(3);
    await removed(selected);
    expect(await namesAt(selected)).toEqual([]);
  });
});
