/** What Durable Objects are given besides their own storage: the Store as its contract, and the one planner. */
import type { Env } from "../env.ts";
import type { Store } from "../storage/store.ts";

export { planner } from "../registry/planner.ts";

/** Names are hashed into ids; a stub is per request, its id is not. */
let storeId: DurableObjectId | undefined;

/** The Store's stub. RPC wraps each result in a type of its own that adds nothing we use; the contract says more. */
export function storeOf(env: Env): Store {
  storeId ??= env.STORE.idFromName("store");
  return env.STORE.get(storeId) as unknown as Store;
}
