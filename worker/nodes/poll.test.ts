import { describe, expect, test } from "vitest";
import type { PollRequest, PollResponse } from "../../protocol/agent.ts";
import type { ChangeEvent, ChangesQuery, ObjectKey, StoredObject } from "../storage/store.ts";
import type { HubMessage, PollMessage } from "./hub-messages.ts";
import { poll, type PollPorts } from "./poll.ts";

function stored(key: ObjectKey, revision: number, body: object = {}): StoredObject & { uid: string } {
  const [, namespace = "", name = ""] = key.split("/");
  const uid = `uid-${name}`;
  return { key, revision, uid, text: JSON.stringify({ metadata: { name, namespace, uid }, ...body }) };
}

const podUsing = (secret: string) => ({ spec: { nodeName: "n", containers: [{ name: "c", env: [{ name: "A", valueFrom: { secretKeyRef: { name: secret, key: "k" } } }] }] } });

interface Given {
  objects?: StoredObject[];
  events?: Partial<Record<string, (Omit<ChangeEvent, "uid"> & { uid?: string })[]>>;
  revision?: number;
  epoch?: number;
  floor?: number;
  hello?: Partial<Extract<HubMessage, { type: "hello" }>>;
  later?: HubMessage[];
}

function world({ objects = [], events = {}, revision = 10, epoch = 3, floor = 0, hello = {}, later = [] }: Given) {
  const inbox: HubMessage[] = [
    { type: "hello", clusterUid: "cluster", news: 0, sessions: [], hasReturned: false, mustVerify: false, ...hello },
    ...later,
  ];
  const said: PollMessage[] = [];
  const reads: string[] = [];
  const ofResource = (resource: string) => objects.filter(({ key }) => key.startsWith(`${resource}/`));
  const ports: PollPorts = {
    now: () => 0,
    openLink: async () => ({ next: async () => inbox.shift(), say: (message) => void said.push(message), close: () => {} }),
    store: {
      describe: async () => ({ clusterUid: "cluster", epoch, revision, floor }),
      changes: async (queries: ChangesQuery[]) => {
        reads.push("changes");
        if ((queries[0]?.since ?? 0) < floor) return { expired: true, floor, revision };
        return { revision, events: queries.map(({ resource }) => (events[resource] ?? []).map((event) => ({ uid: `uid-${event.key.split("/")[2]}`, ...event }))) };
      },
      list: async ({ resource }) => ({ revision, items: ofResource(resource) }),
      listMany: async (queries) => {
        reads.push("listMany");
        return queries.map(({ resource }) => ({ revision, items: ofResource(resource) }));
      },
      getMany: async (keys) => {
        reads.push(`getMany ${keys.join(" ")}`);
        return { revision, items: keys.map((key) => objects.find((object) => object.key === key)) };
      },
    },
  };
  const ask = async (request: Partial<PollRequest> = {}): Promise<PollResponse> =>
    JSON.parse(await poll("n", { since: 5, session: 1, epoch: 3, wait: true, ...request }, ports)) as PollResponse;
  return { ask, said, reads };
}

const names = (objects: { metadata: { name: string } }[]) => objects.map(({ metadata }) => metadata.name);

describe("a poll", () => {
  test("that is told so while it waits asks the agent to report everything", async () => {
    const { ask } = world({ later: [{ type: "report" }] });
    expect(await ask()).toMatchObject({ complete: false, reportStatus: true });
  });

  test("without news waits, and reads nothing", async () => {
    const { ask, reads } = world({});
    expect(await ask()).toEqual({
      clusterUid: "cluster", epoch: 3, revision: 5, complete: false, removed: [], sessions: [],
      pods: [], configMaps: [], secrets: [], services: [], endpointSlices: [],
    });
    expect(reads).toEqual([]);
  });

  test("is answered with the objects as the API shows them", async () => {
    const service = stored("services/d/web", 7, { spec: { clusterIP: "10.96.0.1" } });
    const { ask } = world({ hello: { news: 7 }, events: { services: [{ ...service, type: "ADDED" }] } });
    const answer = await ask();
    expect(answer.services).toEqual([{
      apiVersion: "v1", kind: "Service", metadata: { resourceVersion: "7", name: "web", namespace: "d", uid: "uid-web" }, spec: { clusterIP: "10.96.0.1" },
    }]);
    expect(answer.revision).toBe(10);
  });

  test("is answered when news comes while it waits", async () => {
    const { ask } = world({ later: [{ type: "news", revision: 8 }], events: { pods: [{ ...stored("pods/d/p", 8), type: "MODIFIED" }] } });
    expect(names((await ask()).pods)).toEqual(["p"]);
  });

  test("goes on waiting when the news was about nothing of this node", async () => {
    const { ask, reads } = world({ later: [{ type: "news", revision: 8 }, { type: "news", revision: 9 }] });
    expect((await ask()).revision).toBe(10);
    expect(reads).toEqual(["changes"]);
  });

  test("gets in full what a new pod refers to", async () => {
    const secret = stored("secrets/d/s", 2, { data: { k: "dg==" } });
    const { ask } = world({ objects: [secret], hello: { news: 8 }, events: { pods: [{ ...stored("pods/d/p", 8, podUsing("s")), type: "ADDED" }] } });
    expect(names((await ask()).secrets)).toEqual(["s"]);
  });

  test("gets changed Secrets only if its pods refer to them", async () => {
    const { ask } = world({
      objects: [stored("pods/d/p", 2, podUsing("s"))],
      hello: { news: 8 },
      events: { secrets: [{ ...stored("secrets/d/s", 8), type: "MODIFIED" }, { ...stored("secrets/d/other", 8), type: "MODIFIED" }] },
    });
    expect(names((await ask()).secrets)).toEqual(["s"]);
  });

  test("is told what is gone, a pod that came back under its name too", async () => {
    const { ask } = world({
      hello: { news: 9 },
      events: { pods: [
        { ...stored("pods/d/p", 7), type: "DELETED", uid: "old" },
        { ...stored("pods/d/p", 8), type: "ADDED", uid: "new" },
        { ...stored("pods/d/q", 9), type: "DELETED", uid: "gone" },
      ] },
    });
    const answer = await ask();
    expect(answer.removed).toEqual([{ key: "pods/d/p", uid: "old" }, { key: "pods/d/q", uid: "gone" }]);
    expect(names(answer.pods)).toEqual(["p"]);
  });

  test.each<[string, Given, Partial<PollRequest>]>([
    ["asked for", {}, { since: 0 }],
    ["whose revision was compacted away", { floor: 6, hello: { news: 7 } }, {}],
    ["from the future", { revision: 4, hello: { mustVerify: true } }, {}],
    ["of an epoch that is still to come", { epoch: 2, hello: { mustVerify: true } }, {}],
  ])("gets a snapshot: %s", async (_, given, request) => {
    const { ask } = world({ objects: [stored("pods/d/p", 2, podUsing("s")), stored("secrets/d/s", 1), stored("services/d/web", 3)], ...given });
    const answer = await ask(request);
    expect(answer.complete).toBe(true);
    expect([names(answer.pods), names(answer.secrets), names(answer.services)]).toEqual([["p"], ["s"], ["web"]]);
  });

  test("names the other nodes when one of them changed", async () => {
    const body = { spec: { podCIDR: "10.244.1.0/24" }, status: { addresses: [{ type: "InternalIP", address: "192.0.2.1" }] } };
    const objects = [stored("nodes//n", 1, body), stored("nodes//other", 8, body), stored("nodes//new", 8)];
    const own = world({ objects, hello: { news: 8 }, events: { nodes: [{ ...stored("nodes//n", 8, body), type: "MODIFIED" }] } });
    expect((await own.ask()).peers).toBeUndefined();
    const others = world({ objects, hello: { news: 8 }, events: { nodes: [{ ...stored("nodes//other", 8, body), type: "ADDED" }] } });
    expect((await others.ask()).peers).toEqual([{ name: "other", podCidr: "10.244.1.0/24", address: "192.0.2.1" }]);
    expect((await world({ objects }).ask({ since: 0 })).peers).toHaveLength(1);
  });

  test("carries streams and says that it took them", async () => {
    const session = { id: "s1", verb: "logs" as const, namespace: "d", pod: "p", uid: "u" };
    const { ask, said } = world({ later: [{ type: "sessions", sessions: [session] }] });
    expect((await ask()).sessions).toEqual([session]);
    expect(said).toEqual([{ type: "took", sessions: ["s1"] }]);
  });

  test("tells a node that had been given up to report", async () => {
    expect((await world({ hello: { hasReturned: true } }).ask()).reportStatus).toBe(true);
  });

  test("of a session that was fenced off ends with a conflict", async () => {
    const { ask } = world({ later: [{ type: "superseded", isFenced: true }] });
    await expect(ask()).rejects.toMatchObject({ status: { code: 409 } });
  });

  test("that a newer poll replaced ends quietly", async () => {
    expect((await world({ later: [{ type: "superseded", isFenced: false }] }).ask()).revision).toBe(5);
  });
});
