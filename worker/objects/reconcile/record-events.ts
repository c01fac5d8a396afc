/** Writes a look's events, beside its plan: they are best effort, and nobody waits for them. */
import type { Event } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Planner } from "../../registry/registry.ts";
import { objectOf } from "../../registry/text.ts";
import { writePlanned } from "../../registry/writer.ts";
import { events } from "../../resources/core/events.ts";
import { objectKey, type RequestContext } from "../../resources/resource.ts";
import type { Store } from "../../storage/store.ts";
import { eventOf, repeated, type EventAction } from "./event-objects.ts";

export interface Surroundings {
  store: Pick<Store, "getMany" | "write">;
  planner: Planner;
  context: RequestContext;
}

/** One that happened before is counted. What the store refuses (the namespace is going) is forgotten. */
export async function recordEvents(actions: EventAction[], { store, planner, context }: Surroundings): Promise<void> {
  if (actions.length === 0) return;
  const wanted = actions.map((action) => eventOf(action, context.now));
  const keys = wanted.map(({ metadata }) => objectKey(events, metadata.namespace ?? "", metadata.name ?? ""));
  const { items } = await store.getMany(keys);
  const plans = wanted.flatMap((event, at) => {
    const item = items[at];
    if (item === undefined) return planner.create(events, event, context);
    const current: Stored<Event> = objectOf<Event>(events, item);
    return planner.update({ resource: events, current, next: repeated(current, event), context }) ?? [];
  });
  await writePlanned(store, plans);
}
