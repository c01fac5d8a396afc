/** One look at one key: read, compute, write as one guarded list. */
import type { Event } from "../../../protocol/kubernetes/generated/types.ts";
import type { Reconciler } from "../../controllers/registry.ts";
import { refusalOf, type Refusal } from "../../registry/refusal.ts";
import type { Planner } from "../../registry/registry.ts";
import { objectOf } from "../../registry/text.ts";
import { writePlanned, type Written } from "../../registry/writer.ts";
import { events } from "../../resources/events.ts";
import type { RequestContext } from "../../resources/resource.ts";
import type { ObjectKey, Store } from "../../storage/store.ts";
import { repeated } from "./event-objects.ts";
import { planActions, type PlannedAction } from "./plan-actions.ts";
import { SnapshotReader } from "./snapshot-reader.ts";

export interface Surroundings {
  store: Pick<Store, "getMany" | "list" | "write">;
  planner: Planner;
  /** A fresh one for each look: it carries the time. */
  context(): RequestContext;
  seed(): number;
  rootCertificate: string;
}

export interface Outcome {
  /** Somebody was faster: look again. */
  isStale: boolean;
  /** What was refused for another reason, as Status messages: look again later, and say so. */
  refusals: string[];
  requeueAfterMs?: number;
}

export async function reconcileKey(
  reconciler: Reconciler,
  key: ObjectKey,
  refusals: readonly string[],
  surroundings: Surroundings,
): Promise<Outcome> {
  const { store, planner } = surroundings;
  const context = surroundings.context();
  const reader = new SnapshotReader(store, { seed: surroundings.seed(), refusals, rootCertificate: surroundings.rootCertificate });
  const { actions, requeueAfterMs } = await reconciler.reconcile(reader, key, context.now);
  const plan = planActions(actions, { planner, observed: reader.observed, context });
  const guards = Number.isFinite(reader.revision) ? [{ scope: key, revision: reader.revision }] : [];
  const written = await writePlanned(store, plan.list.map(({ planned }) => planned), { guards });
  const refused = refusedOf(plan.list, written);
  const isStale = refused.some(({ result }) => isRace(result));
  if (!written.some(({ result }) => !result.ok && result.reason === "stale")) await countRepeated(written, context, surroundings);
  return {
    isStale,
    refusals: [...plan.refusals, ...refused.filter(({ result }) => !isRace(result)).map(messageOf)],
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  };
}

interface Refused {
  written: Written;
  result: Refusal;
}

function refusedOf(list: PlannedAction[], written: Written[]): Refused[] {
  return written.flatMap((each, at) => {
    const { result } = each;
    if (result.ok || list[at]?.isEvent === true) return [];
    // What was to be deleted is gone.
    if (each.planned.operation.verb === "delete" && result.reason === "not-found") return [];
    return [{ written: each, result }];
  });
}

/** Refusals that say no more than that the snapshot is old. */
function isRace({ reason }: Refusal): boolean {
  return reason !== "requirement" && reason !== "claimed" && reason !== "too-large";
}

function messageOf({ written: { planned }, result }: Refused): string {
  return refusalOf(result, planned.operation, planned.object).message;
}

/** An event whose name is taken happened before: it is counted, in a list of its own that may fail. */
async function countRepeated(written: Written[], context: RequestContext, surroundings: Surroundings): Promise<void> {
  const { store, planner } = surroundings;
  const taken = written.filter(({ planned, result }) =>
    planned.object.kind === "Event" && !result.ok && result.reason === "exists");
  if (taken.length === 0) return;
  const { items } = await store.getMany(taken.map(({ planned }) => planned.operation.key));
  const plans = taken.flatMap(({ planned }, at) => {
    const item = items[at];
    if (item === undefined) return [];
    const current = objectOf<Event>(events, item);
    // It is the Event that this plan would have created.
    const next = repeated(current, planned.object as Event);
    return planner.update({ resource: events, current, next, context }) ?? [];
  });
  await writePlanned(store, plans);
}
