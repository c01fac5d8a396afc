/** The shell beside the pure planner: brings plans to the store, and plans again where a neighbour was faster. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { Store, WriteList, WriteResult } from "../storage/store.ts";
import { refusalOf, type Refusal } from "./refusal.ts";
import type { Planned } from "./registry.ts";

/** What of the Store writing needs; a Durable Object's stub will do. */
export type WriteStore = Pick<Store, "write">;

export interface Written {
  planned: Planned;
  result: WriteResult;
}

/** Writes plans as one list; results in their order, refusals as values. */
export async function writePlanned(
  store: WriteStore,
  plans: Planned[],
  options: Omit<WriteList, "operations"> = {},
): Promise<Written[]> {
  if (plans.length === 0) return [];
  const { results } = await store.write({ ...options, operations: plans.map(({ operation }) => operation) });
  return plans.map((planned, at) => ({ planned, result: results[at] ?? { ok: false, reason: "aborted" } }));
}

export interface CommitOptions {
  /** The client named a resourceVersion or uid: a conflict is its answer, not a reason to plan again. */
  hasPrecondition?: boolean;
  isDryRun?: boolean;
  /** The plan creates what is not there and updates what is: one that appeared meanwhile is planned again. */
  isUpsert?: boolean;
}

export interface Committed {
  object: Stored<KubernetesObject>;
  warnings: string[];
  /** What the store now holds; absent after a dry run, a removal, or when nothing changed. */
  stored?: { text: string; revision: number };
  /** False: the plan was that nothing changes. */
  isWritten: boolean;
  verb?: Planned["operation"]["verb"];
}

const attempts = 10;

/**
 * Plans, writes, and plans again (bounded, with jitter) on a conflict that the caller did not ask for. `plan` reads
 * the current object itself; it returns `current` when there is nothing to write. A refusal throws a StatusError.
 */
export async function commit(
  store: WriteStore,
  plan: () => Promise<Planned | { current: Stored<KubernetesObject> }>,
  options: CommitOptions = {},
): Promise<Committed> {
  for (let attempt = 1; ; attempt += 1) {
    const planned = await plan();
    if ("current" in planned) return { object: planned.current, warnings: [], isWritten: false };
    const [written] = await writePlanned(store, [planned], { isDryRun: options.isDryRun ?? false });
    const result = written?.result ?? { ok: false, reason: "aborted" };
    if (result.ok) return committed(planned, result, options);
    if (attempt >= attempts || !mayRepeat(result, planned, options)) {
      throw refusalOf(result, planned.operation, planned.object);
    }
    await pause(attempt);
  }
}

function committed(planned: Planned, { revision, text }: Extract<WriteResult, { ok: true }>, { isDryRun }: CommitOptions): Committed {
  const { object, warnings, operation } = planned;
  const kept = operation.verb === "create" ? undefined : object.metadata?.resourceVersion;
  const resourceVersion = isDryRun ? kept : String(revision);
  object.metadata = { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  const stored = isDryRun || operation.verb === "delete" ? undefined : { text: text ?? operation.text, revision };
  return {
    // Planning made the metadata complete.
    object: object as Stored<KubernetesObject>,
    warnings,
    ...(stored === undefined ? {} : { stored }),
    isWritten: true,
    verb: operation.verb,
  };
}

function mayRepeat(result: Refusal, planned: Planned, { hasPrecondition, isUpsert }: CommitOptions): boolean {
  const { operation, object, picked } = planned;
  switch (result.reason) {
    case "exists":
      return operation.verb === "create" && (isUpsert === true || Boolean(object.metadata?.generateName));
    case "claimed": {
      const claim = operation.verb === "delete" ? undefined : operation.claims?.[result.at ?? 0];
      return picked.some(({ kind, value }) => kind === claim?.kind && value === claim.value);
    }
    case "requirement": {
      // One that names a revision was looked up by the plan: another plan looks it up anew.
      return operation.requires?.[result.at ?? 0]?.revision !== undefined;
    }
    case "conflict":
    case "stale":
    case "uid-mismatch":
      return hasPrecondition !== true;
    default:
      return false;
  }
}

/** Doubles from 2 ms to 250 ms, each somewhere in its upper half. */
export async function pause(attempt: number): Promise<void> {
  const ceiling = Math.min(250, 2 ** attempt);
  await new Promise((resolve) => setTimeout(resolve, ceiling * (0.5 + Math.random() / 2)));
}
