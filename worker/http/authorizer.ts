/** Authorization with the Worker's own parts: the settings of this isolate, and the store. */
import { denied, type Attributes } from "../auth/attributes.ts";
import { authorize, type Authorize } from "../auth/authorize.ts";
import { isBound } from "../auth/bound.ts";
import type { Env } from "../env.ts";
import { storeOf } from "../objects/ports.ts";
import type { Call } from "./context.ts";
import { ensureClusterObjects } from "./bootstrap.ts";
import { settingsCache } from "../settings/settings-cache.ts";

export function authorizerOf(env: Env): Authorize {
  const store = storeOf(env);
  const ports = {
    settings: async () => {
      await ensureClusterObjects(env, store);
      return await settingsCache.current(store);
    },
    verifiedSettings: () => settingsCache.verified(store),
    isBound: isBound.bind(undefined, store),
  };
  return (user, attributes) => authorize(user, attributes, ports);
}

/** Of what a request turns out to do beside what its path says. Throws Forbidden. */
export async function requireAllowed({ authorize, user }: Call, attributes: Attributes): Promise<void> {
  const { isAllowed, reason } = await authorize(user, attributes);
  if (!isAllowed) throw denied(user, attributes, reason);
}
