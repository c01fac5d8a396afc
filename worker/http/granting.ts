/** Writes of roles and bindings are checked against what the writer holds. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { restrictGrant } from "../auth/escalation.ts";
import { settingsCache } from "../settings/settings-cache.ts";
import type { Call } from "./context.ts";

export async function restrictGrantOf(call: Call, next: KubernetesObject, previous?: KubernetesObject): Promise<void> {
  const { user, resource, info, store, authorize } = call;
  const granting = { user, resource, namespace: info.namespace, next, ...(previous === undefined ? {} : { previous }) };
  await restrictGrant(granting, { authorize, settings: () => settingsCache.verified(store) });
}
