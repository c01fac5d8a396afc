/** What the cron reads every minute: one row, and counted with the store's own. */
import { plainCodec } from "./codec.ts";
import { type Batching, D1Persistence } from "./d1.ts";
import { isolateCounters } from "./isolate-counters.ts";

/** When the store has to be called, in milliseconds since the epoch; undefined: nothing will be due. */
export async function readDueAt(database: Batching): Promise<number | undefined> {
  const { dueAt } = await new D1Persistence(database, plainCodec, isolateCounters).meta();
  return dueAt ?? undefined;
}
