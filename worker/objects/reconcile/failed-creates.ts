/** Events that say why a workload's pods could not be created: by quota, limits, policies, webhooks. */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import { eventAction } from "../../controllers/events.ts";
import type { ObjectKey } from "../../storage/store.ts";
import type { EventAction } from "./event-objects.ts";
import type { RefusedObject } from "./plan-actions.ts";

/** One a look, as upstream's controllers, which stop at the first: the others would say the same of other names. */
export function failedCreates(refused: RefusedObject[], observed: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>): EventAction[] {
  const first = refused.find(({ object, isCreate }) => isCreate && object.kind === "Pod");
  const owner = first?.object.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  const about = [...observed.values()].find(({ metadata }) => metadata.uid === owner?.uid);
  if (first === undefined || about?.kind === undefined) return [];
  const { metadata: { name }, kind } = about;
  const said = kind === "StatefulSet"
    ? `create Pod ${first.object.metadata?.name ?? ""} in StatefulSet ${name} failed error: ${first.message}`
    : `Error creating: ${first.message}`;
  const component = `${kind.toLowerCase()}-controller`;
  const event = eventAction({ about, component, reason: "FailedCreate", type: "Warning" }, said);
  return event.type === "event" ? [event] : [];
}
