/** What Durable Objects are given besides their own storage: the Store as its contract, and the one planner. */
import type { Env } from "../env.ts";
import type { Store } from "../storage/store.ts";

export { planner } from "../registry/planner.ts";

/** The Store's stub. RPC wraps each result in a type of its own that adds nothing we use; the contract says more. */
export function storeOf(env: Env): Store {
  return env.STORE.getByName("store") as unknown as Store;
}
