import { describe, expect, test } from "vitest";
import type { SessionRequest } from "../../protocol/session.ts";
import { Hub } from "./hub.ts";
import type { HubMessage } from "./hub-messages.ts";
import type { LeaseStorage, NodeLease } from "./leases.ts";
import type { OpenSession, SessionStorage } from "./open-sessions.ts";

/** What the hub keeps; the tables themselves are tested in workerd. */
interface Kept {
  leases: LeaseStorage;
  sessions: SessionStorage;
  facts: { read(name: string): string | undefined; write(name: string, value: string): void };
}

function memory(): Kept {
  const leases = new Map<string, NodeLease>();
  const sessions = new Map<string, OpenSession>();
  const facts = new Map<string, string>();
  return {
    leases: {
      get: (name) => leases.get(name),
      all: () => [...leases.values()],
      put: (lease) => void leases.set(lease.name, lease),
      delete: (name) => void leases.delete(name),
    },
    sessions: {
      put: (session) => void sessions.set(session.request.id, session),
      delete: (id) => void sessions.delete(id),
      ofNode: (node) => [...sessions.values()].filter((session) => session.node === node),
    },
    facts: { read: (name) => facts.get(name), write: (name, value) => void facts.set(name, value) },
  };
}

function hubOver(kept: Kept) {
  const clock = { now: start };
  const sent: [string | undefined, HubMessage][] = [];
  const hub = new Hub({ ...kept, send: (node, message) => void sent.push([node, message]), now: () => clock.now });
  return { hub, clock, sent };
}

function world() {
  const kept = memory();
  return { kept, ...hubOver(kept) };
}

const start = Date.parse("2026-01-01T00:00:00Z");
const request: SessionRequest = { id: "s1", verb: "exec", namespace: "d", pod: "p", uid: "u", container: "c" };

describe("the hub", () => {
  test("greets with the newest of a node's own news and everybody's", () => {
    const { hub } = world();
    hub.greet("a", 1, "uid");
    hub.wakeNode("a", 5);
    hub.wakeAll(9);
    expect(hub.greet("a", 1, "uid")).toMatchObject({ type: "hello", clusterUid: "uid", news: 9 });
  });

  test("has its news after it was evicted", () => {
    const { hub, kept } = world();
    hub.greet("a", 1, "uid");
    hub.wakeNode("a", 5);
    expect(hubOver(kept).hub.greet("a", 1, "uid")).toMatchObject({ news: 5 });
  });

  test("tells those who wait", () => {
    const { hub, sent } = world();
    hub.wakeNode("a", 5);
    hub.wakeAll(6);
    expect(sent).toEqual([["a", { type: "news", revision: 5 }], [undefined, { type: "news", revision: 6 }]]);
  });

  test("does not greet an older session", () => {
    const { hub } = world();
    hub.greet("a", 2, "uid");
    expect(hub.greet("a", 1, "uid")).toBeUndefined();
    expect(hub.report("a", 1, true)).toBe("stale");
  });

  test("asks for a read of the store now and then, even without news", () => {
    const { hub, clock } = world();
    expect(hub.greet("a", 1, "uid")).toMatchObject({ mustVerify: true });
    hub.hear("a", { type: "verified" });
    expect(hub.greet("a", 1, "uid")).toMatchObject({ mustVerify: false });
    clock.now += 3_600_001;
    expect(hub.greet("a", 1, "uid")).toMatchObject({ mustVerify: true });
  });
});

describe("a Node that is deleted", () => {
  test("while its agent lives, has the agent report everything, until it reported the node", () => {
    const { hub, sent } = world();
    hub.greet("a", 1, "uid");
    hub.nodeDeleted("a");
    expect(sent).toEqual([["a", { type: "report" }]]);
    expect(hub.greet("a", 1, "uid")).toMatchObject({ hasReturned: true });
    hub.report("a", 1, true);
    expect(hub.greet("a", 1, "uid")).toMatchObject({ hasReturned: false });
  });

  test.each([
    ["has no agent", (hub: Hub) => void hub.leases.probed("a", "T1", start)],
    ["has an agent that is silent for too long", (hub: Hub) => void hub.leases.heard("a", 1, start - 50_000)],
  ])("is forgotten if it %s", (_, prepare) => {
    const { hub, sent } = world();
    prepare(hub);
    hub.nodeDeleted("a");
    expect({ sent, lease: hub.leases.get("a") }).toEqual({ sent: [], lease: undefined });
  });
});

describe("a stream", () => {
  test("is offered until a poll took it", () => {
    const { hub, sent } = world();
    hub.greet("a", 1, "uid");
    expect(hub.openSession("a", request)).toBe(true);
    expect(sent).toEqual([["a", { type: "sessions", sessions: [request] }]]);
    expect(hub.greet("a", 1, "uid")).toMatchObject({ sessions: [request] });
    hub.hear("a", { type: "took", sessions: ["s1"] });
    expect(hub.greet("a", 1, "uid")).toMatchObject({ sessions: [] });
  });

  test("is dropped when nobody fetched it in ten seconds", () => {
    const { hub, clock } = world();
    hub.greet("a", 1, "uid");
    hub.openSession("a", request);
    clock.now += 10_000;
    expect(hub.greet("a", 1, "uid")).toMatchObject({ sessions: [] });
  });

  test.each([
    ["to a node that nobody knows", (_: Hub) => {}],
    ["to a node kept through the API alone", (hub: Hub) => void hub.leases.probed("a", "T1", start)],
    ["to a node that is silent for too long", (hub: Hub) => void hub.leases.heard("a", 1, start - 50_000)],
  ])("is refused %s", (_, prepare) => {
    const { hub } = world();
    prepare(hub);
    expect(hub.openSession("a", request)).toBe(false);
  });
});
