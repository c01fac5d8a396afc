/** What this isolate asked of D1; the Store's instances come and go within it, and the cron reads beside them. */
import { noneYet } from "./d1.ts";

export const isolateCounters = noneYet();
