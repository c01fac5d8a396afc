/**
 * What Durable Objects and handlers are given to talk to the single objects, and the one planner. Each call has a
 * deadline, and after an error the next one takes another stub: one that met an error stays broken.
 */
import type { Env } from "../env.ts";
import type { Store, WriteAnswer } from "../storage/store.ts";
import { objectMemory } from "../settings/object-memory.ts";
import { settingsCache } from "../settings/settings-cache.ts";
import { outcomes } from "../storage/ports.ts";
import { withDeadline } from "./deadline.ts";
import type { NodeHub } from "./node-hub.ts";

export { planner } from "../registry/planner.ts";

/** Longer than the store's own patience with D1 for one commit; shorter than a request's. */
export const storeMs = 40_000;
/** The hub answers from its own storage, or after one read of the store. */
const hubMs = 20_000;

/** Names are hashed into ids; a stub is per request, its id is not. */
let storeId: DurableObjectId | undefined;

/** The Store. RPC wraps each result in a type of its own that adds nothing we use; the contract says more. */
export function storeOf(env: Pick<Env, "STORE">): Store {
  storeId ??= env.STORE.idFromName("store");
  const id = storeId;
  return boundedStore(() => env.STORE.get(id) as unknown as Store, storeMs);
}

/** For those whose whole work has a deadline already. */
export function storeWithin(env: Pick<Env, "STORE">): Store {
  storeId ??= env.STORE.idFromName("store");
  const id = storeId;
  return storeAsking(renewed(() => env.STORE.get(id) as unknown as Store));
}

export function boundedStore(open: () => Store, ms: number): Store {
  return storeAsking(bounded(open, ms, `the store ${outcomes.late}`));
}

function storeAsking(ask: Ask<Store>): Store {
  return {
    get: (key) => ask((store) => store.get(key)),
    getMany: (keys) => ask((store) => store.getMany(keys)),
    list: (query) => ask((store) => store.list(query)),
    listMany: (queries) => ask((store) => store.listMany(queries)),
    write: async (list) => {
      let answer: WriteAnswer | undefined;
      try {
        return (answer = await ask((store) => store.write(list)));
      } finally {
        objectMemory.noteWrite(list, answer);
        if (list.isDryRun !== true) for (const { key } of list.operations) settingsCache.noteWrite(key);
      }
    },
    changes: (queries) => ask((store) => store.changes(queries)),
    changedLists: (held) => ask((store) => store.changedLists(held)),
    usedOf: (budget) => ask((store) => store.usedOf(budget)),
    describe: () => ask((store) => store.describe()),
    maintain: () => ask((store) => store.maintain()),
    reseal: () => ask((store) => store.reseal()),
    stats: () => ask((store) => store.stats()),
  };
}

/** What is asked of the hub from outside; the Store's wakes have a deadline of their own. */
export type HubPort = Pick<NodeHub, "fetch" | "report" | "isConnected" | "openSession" | "lastSession" | "identityOf" | "agentChanged">;

export function hubOf(env: Pick<Env, "NODE_HUB">): HubPort {
  const ask = bounded(() => env.NODE_HUB.getByName("hub"), hubMs, `the node hub ${outcomes.late}`);
  return {
    fetch: (request) => ask((hub) => hub.fetch(request)),
    report: (node, session, hasNodeStatus) => ask((hub) => hub.report(node, session, hasNodeStatus)),
    isConnected: (node) => ask((hub) => hub.isConnected(node)),
    lastSession: (node) => ask((hub) => hub.lastSession(node)),
    openSession: (node, request) => ask((hub) => hub.openSession(node, request)),
    identityOf: (node) => ask((hub) => hub.identityOf(node)),
    agentChanged: (node) => ask((hub) => hub.agentChanged(node)),
  };
}

type Ask<Stub> = <T>(call: (stub: Stub) => Promise<T>) => Promise<T>;

function bounded<Stub>(open: () => Stub, ms: number, why: string): Ask<Stub> {
  const ask = renewed(open);
  return (call) => ask((stub) => withDeadline(call(stub), ms, why));
}

function renewed<Stub>(open: () => Stub): Ask<Stub> {
  let stub: Stub | undefined;
  return async (call) => {
    stub ??= open();
    try {
      return await call(stub);
    } catch (error) {
      stub = undefined;
      throw error;
    }
  };
}
