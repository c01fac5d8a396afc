/** One look at one key: read, compute, write as one guarded list. */
import type { Action, Credentials } from "../../controllers/controller.ts";
import type { Reconciler } from "../../controllers/registry.ts";
import { withLookups, type LookupPorts } from "../../registry/lookups.ts";
import type { Attributes } from "../../registry/admission/plugin.ts";
import { refusalOf, type Refusal } from "../../registry/refusal.ts";
import type { Planner } from "../../registry/registry.ts";
import { writePlanned, type Written } from "../../registry/writer.ts";
import { resourceOf } from "../../resources/custom/kinds.ts";
import type { RequestContext } from "../../resources/resource.ts";
import type { Settings } from "../../settings/settings.ts";
import type { ObjectKey, Store } from "../../storage/store.ts";
import type { EventAction } from "./event-objects.ts";
import { failedCreates } from "./failed-creates.ts";
import { planActions, type ObjectAction, type RefusedObject } from "./plan-actions.ts";
import { recordEvents } from "./record-events.ts";
import { SnapshotReader } from "./snapshot-reader.ts";

export interface Surroundings extends LookupPorts {
  store: Pick<Store, "getMany" | "list" | "usedOf" | "write">;
  planner: Planner;
  /** A fresh one for each look: it carries the time. */
  context(): Promise<RequestContext>;
  seed(): number;
  /** WEBHOOK_ALLOW_PRIVATE. */
  webhooksAllowed?: string;
  credentials: Credentials;
  /** The look that an earlier one asked for. */
  isRequeued?: boolean;
}

export interface Outcome {
  /** Somebody was faster: look again. */
  isStale: boolean;
  /** What was refused for another reason, as Status messages: look again later, and say so. */
  refusals: string[];
  requeueAfterMs?: number;
  /** How many objects were read. */
  objectCount: number;
  /** Writes the events that tell of what was done. */
  record(): Promise<void>;
}

export async function reconcileKey(
  reconciler: Reconciler,
  key: ObjectKey,
  refusals: readonly string[],
  surroundings: Surroundings,
): Promise<Outcome> {
  const { store, planner, credentials, isRequeued = false } = surroundings;
  const given = await surroundings.context();
  const reader = new SnapshotReader(store, { seed: surroundings.seed(), refusals, credentials, isRequeued, settings: given.settings, verified: surroundings.verified });
  const { actions, requeueAfterMs } = await reconciler.reconcile(reader, key, given.now);
  const context = { ...given, settings: reader.settings };
  const wanted = actions.filter(isOfObject);
  const informed = await withLookups(wanted.flatMap((action) => createOf(action, context.settings)), context, surroundings);
  const admission = { planner, store, verified: surroundings.verified, isDryRun: false, allowed: surroundings.webhooksAllowed ?? "" };
  const plan = await planActions(wanted, { admission, observed: reader.observed, context: informed });
  const guards = Number.isFinite(reader.revision) ? [{ scope: key, revision: reader.revision }] : [];
  const refused = refusedOf(await writePlanned(store, plan.list, { guards }));
  const failed = [...plan.refusals, ...refused.filter((one) => !isRace(one)).map(refusedObject)];
  // Events tell what was done; after a race the next look does (and tells) it, or the rest of it.
  const isDone = refused.length + failed.length === 0;
  return {
    isStale: refused.some(isRace),
    refusals: failed.map(({ message }) => message),
    objectCount: reader.observed.size,
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
    record: () => recordEvents(isDone ? actions.filter(isEvent) : failedCreates(failed, reader.observed), { store, planner, context }),
  };
}

/** What admission will look at. */
function createOf({ type, object }: ObjectAction, settings: Settings): Omit<Attributes, "context">[] {
  const resource = type === "create" ? resourceOf(settings, object) : undefined;
  return resource === undefined ? [] : [{ operation: "CREATE", resource, subresource: "", object }];
}

const isEvent = (action: Action): action is EventAction => action.type === "event";
const isOfObject = (action: Action): action is ObjectAction => action.type !== "event";

interface Refused extends Written {
  result: Refusal;
}

function refusedOf(written: Written[]): Refused[] {
  return written.flatMap(({ planned, result }) => {
    // What was to be deleted is gone.
    if (result.ok || (planned.operation.verb === "delete" && result.reason === "not-found")) return [];
    return isOfEndingNamespace(planned, result) ? [] : [{ planned, result }];
  });
}

/** Nothing more is made in a namespace that is being deleted, whose workloads go with it: no reason to try again. */
function isOfEndingNamespace({ operation }: Written["planned"], { reason, at, current }: Refusal): boolean {
  const requirement = reason === "requirement" ? operation.requires?.[at ?? 0] : undefined;
  return requirement?.key.startsWith("namespaces//") === true && current !== undefined;
}

/** Refusals that say no more than that the snapshot, or what was looked up, is old. */
function isRace({ planned: { operation }, result: { reason, at } }: Refused): boolean {
  if (reason === "requirement") return operation.requires?.[at ?? 0]?.revision !== undefined;
  return reason !== "claimed" && reason !== "too-large" && reason !== "over-budget";
}

function refusedObject({ planned, result }: Refused): RefusedObject {
  const { operation, object } = planned;
  return { object, isCreate: operation.verb === "create", message: refusalOf(result, operation, object).message };
}
