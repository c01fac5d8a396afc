/** The one row that an idle cron reads. */
import type { D1Database } from "@cloudflare/workers-types";
import { drizzle } from "drizzle-orm/d1";
import { meta } from "./schema.ts";

/** When the store has to be asked again, in milliseconds since the epoch; undefined: not until something happens. */
export async function readDueAt(database: D1Database): Promise<number | undefined> {
  const [row] = await drizzle(database).select({ dueAt: meta.dueAt }).from(meta);
  return row?.dueAt ?? undefined;
}
