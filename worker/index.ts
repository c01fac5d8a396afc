/** The Worker: its HTTP surface, its cron, and the Durable Object classes that the platform looks for here. */
import { scheduled } from "./cron.ts";
import type { Env } from "./env.ts";
import { createApp } from "./http/app.ts";

export { NodeHub } from "./objects/node-hub.ts";
export { Scheduler } from "./objects/scheduler.ts";
export { Session } from "./objects/session.ts";
export { StoreObject } from "./objects/store.ts";
export { Workload } from "./objects/workload.ts";

const app = createApp();

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  scheduled,
} satisfies ExportedHandler<Env>;
