/** What a draft becomes in the database: rows, allocations, and what meta says afterwards. */
import { claimOf } from "./catalog.ts";
import { outcome, type Draft } from "./draft.ts";
import type { Commit, HistoryRow } from "./persistence.ts";
import type { State } from "./state.ts";

/** After a commit whose wakes are not all acknowledged, the cron looks after this long. */
const cursorGraceMs = 60_000;

export interface PlanOptions {
  now: number;
  /** How long history is kept: what is left of it then is compacted by the cron. */
  historyMs: number;
}

export function planCommit(state: State, draft: Draft, options: PlanOptions): Commit {
  const cursor = state.acknowledged();
  const floor = state.nextFloor !== undefined && state.nextFloor <= cursor ? state.nextFloor : state.floor;
  const owners = [...draft.owners].filter(([claim, owner]) => owner !== state.owner(claim));
  return {
    fence: { epoch: state.epoch, revision: state.revision },
    revision: draft.revision,
    cursor,
    floor,
    dueAt: dueAfter(state, { ...options, cursor, floor, changes: draft.changes }),
    overdue: state.dispatcher.overdue,
    versions: draft.changes,
    ...outcome(draft.changes),
    claimed: owners.flatMap(([claim, owner]) => (owner === undefined ? [] : [{ ...claimOf(claim), owner }])),
    released: owners.flatMap(([claim, owner]) => (owner === undefined ? [claimOf(claim)] : [])),
    ...(floor > state.floor && { compaction: { from: state.floor, to: floor } }),
  };
}

/** When the cron has to call the store next, if nobody writes until then; null: never. */
export function dueAfter(state: State, after: PlanOptions & { cursor: number; floor: number; changes: HistoryRow[] }): number | null {
  const head = after.changes.at(-1)?.revision ?? state.revision;
  const earliest = Math.min(
    state.agenda.dueAfter(after.changes) ?? Infinity,
    state.confirmationsDueAfter(after.changes),
    after.cursor < head ? after.now + cursorGraceMs : Infinity,
    after.floor < head ? after.now + after.historyMs : Infinity,
  );
  return earliest === Infinity ? null : earliest;
}
