/**
 * The cron trigger, every minute: the safety net under the store's wakes. It reads the one row of meta, and calls the
 * store only when something is due: an object that stays unsettled (a wake was lost), an event whose hour is over,
 * history to compact, wakes whose acknowledgement was not noted. An idle minute reads one row and writes none.
 */
import type { Env } from "./env.ts";
import { withDeadline } from "./objects/deadline.ts";
import { storeName } from "./objects/store.ts";
import { readDueAt } from "./storage/due.ts";

/** What is left then is the next minute's. */
const maintainMs = 55_000;

export async function scheduled(controller: ScheduledController, env: Env): Promise<void> {
  const dueAt = await readDueAt(env.DB);
  if (dueAt === undefined || dueAt > controller.scheduledTime) return;
  const done = await withDeadline(env.STORE.getByName(storeName).maintain(), maintainMs, "the store's upkeep did not end in time");
  console.log(`cron: woke for ${done.woken}, expired ${done.expired}, compacted ${done.compacted}`);
}
