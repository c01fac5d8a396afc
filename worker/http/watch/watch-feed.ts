/** The store's feeds, as watches open them. */
import type { Env } from "../../env.ts";
import { connectWatch, type OpenWatch } from "../../storage/watch.ts";

export function openWatchOf(env: Pick<Env, "STORE">): OpenWatch {
  return (request) => connectWatch(env.STORE.getByName("store"))(request);
}
