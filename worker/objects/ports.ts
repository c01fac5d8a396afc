/**
 * What Durable Objects and handlers are given to talk to the single objects, and the one planner. Each call takes a
 * stub of its own, because one that met an error stays broken, and has a deadline.
 */
import type { Env } from "../env.ts";
import type { Store } from "../storage/store.ts";
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

export function boundedStore(stub: () => Store, ms: number): Store {
  const within = <T>(work: Promise<T>): Promise<T> => withDeadline(work, ms, "the store did not answer in time");
  return {
    get: (key) => within(stub().get(key)),
    getMany: (keys) => within(stub().getMany(keys)),
    list: (query) => within(stub().list(query)),
    listMany: (queries) => within(stub().listMany(queries)),
    write: (list) => within(stub().write(list)),
    changes: (queries) => within(stub().changes(queries)),
    describe: () => within(stub().describe()),
    maintain: () => within(stub().maintain()),
    stats: () => within(stub().stats()),
  };
}

/** What is asked of the hub from outside; the Store's wakes have a deadline of their own. */
export type HubPort = Pick<NodeHub, "fetch" | "report" | "isConnected" | "openSession" | "identityOf" | "agentChanged">;

export function hubOf(env: Pick<Env, "NODE_HUB">): HubPort {
  const within = <T>(work: Promise<T>): Promise<T> => withDeadline(work, hubMs, "the node hub did not answer in time");
  const stub = () => env.NODE_HUB.getByName("hub");
  return {
    fetch: (request) => within(stub().fetch(request)),
    report: (node, session, hasNodeStatus) => within(stub().report(node, session, hasNodeStatus)),
    isConnected: (node) => within(stub().isConnected(node)),
    openSession: (node, request) => within(stub().openSession(node, request)),
    identityOf: (node) => within(stub().identityOf(node)),
    agentChanged: (node) => within(stub().agentChanged(node)),
  };
}
