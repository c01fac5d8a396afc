import { beforeEach, describe, expect, it } from "vitest";
import { call, prepare } from "../http/api.ts";
import { created, freshNamespace, got, namesAt, patched, removed } from "./harness.ts";

beforeEach(prepare);

const labels = { "testevent-set": "true" };
const selector = "labelSelector=testevent-set%3Dtrue";
const micro = "2026-01-01T00:00:00.000000Z";

async function update(path: string, change: object): Promise<void> {
  const answer = await call("PUT", path, { body: { ...(await got(path)), ...change } });
  if (answer.status !== 200) throw new Error(answer.text);
}

describe("events of the core group", () => {
  const event = (space: string, name: string) => ({
    metadata: { name, labels },
    involvedObject: { kind: "Pod", name: "p", namespace: space.split("/").at(-1) },
    reason: "Test",
    message: "This is a test event",
    type: "Normal",
    source: { component: "e2e" },
    firstTimestamp: "2026-01-01T00:00:00Z",
    lastTimestamp: "2026-01-01T00:00:00Z",
  });

  it("Event, manage lifecycle of an Event", async () => {
    const space = await freshNamespace("events");
    await created(`${space}/events`, event(space, "one"));
    expect((await got(`/api/v1/events?${selector}`)).items.filter(({ metadata }) => `/api/v1/namespaces/${metadata["namespace"]}` === space)).toHaveLength(1);
    await patched(`${space}/events/one`, { message: "This is a test event - patched" });
    expect((await got(`${space}/events/one`)).message).toBe("This is a test event - patched");
    await update(`${space}/events/one`, { series: { count: 100, lastObservedTime: micro } });
    expect((await got(`${space}/events/one`))["series"]).toEqual({ count: 100, lastObservedTime: micro });
    await removed(`${space}/events/one`);
    expect(await namesAt(`${space}/events?${selector}`)).toEqual([]);
  });

  it("Event, delete a collection", async () => {
    const space = await freshNamespace("events");
    for (const name of ["one", "two", "three"]) await created(`${space}/events`, event(space, name));
    expect(await namesAt(`${space}/events?${selector}`)).toHaveLength(3);
    await removed(`${space}/events?${selector}`);
    expect(await namesAt(`${space}/events?${selector}`)).toEqual([]);
  });
});

describe("events of their own group", () => {
  const path = (space: string) => space.replace("/api/v1", "/apis/events.k8s.io/v1");
  const event = (space: string, name: string) => ({
    metadata: { name, labels },
    regarding: { kind: "Pod", name: "p", namespace: space.split("/").at(-1) },
    reason: "Test",
    action: "Do",
    note: "This is a test event",
    type: "Normal",
    eventTime: micro,
    reportingController: "test-controller",
    reportingInstance: "test-node",
  });

  it("New Event resource lifecycle, testing a single event", async () => {
    const space = await freshNamespace("events");
    const one = `${path(space)}/events/one`;
    await created(`${path(space)}/events`, event(space, "one"));
    expect(await namesAt(`/apis/events.k8s.io/v1/events?fieldSelector=reportingController%3Dtest-controller,metadata.namespace%3D${space.split("/").at(-1)}`)).toEqual(["one"]);
    await patched(one, { series: { count: 2, lastObservedTime: micro } });
    expect((await got(one))["series"]).toEqual({ count: 2, lastObservedTime: micro });
    await update(one, { series: { count: 100, lastObservedTime: "2026-01-01T00:05:00.000000Z" } });
    expect((await got(one))["series"]).toEqual({ count: 100, lastObservedTime: "2026-01-01T00:05:00.000000Z" });
    await removed(one);
    expect(await namesAt(`${path(space)}/events`)).toEqual([]);
  });

  it("New Event resource lifecycle, testing a list of events", async () => {
    const space = await freshNamespace("events");
    for (const name of ["one", "two", "three"]) await created(`${path(space)}/events`, event(space, name));
    expect(await namesAt(`${path(space)}/events?${selector}`)).toHaveLength(3);
    await removed(`${path(space)}/events?${selector}`);
    expect(await namesAt(`${path(space)}/events?${selector}`)).toEqual([]);
  });
});
