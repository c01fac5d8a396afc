/**
 * Middleware: of the protocols that a connection can be upgraded to, only WebSocket is served. workerd would answer
 * any other upgrade with a plain 200, which a SPDY client takes for a stream that never comes.
 * Streams into pods (./streams.ts) refuse it themselves, after they looked for a better reason: kubectl repeats a
 * refused WebSocket as SPDY and shows the second answer only.
 */
import { createMiddleware } from "hono/factory";
import { StatusError } from "../../protocol/status.ts";
import type { HttpEnv } from "./context.ts";

const streamPath = /^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/(exec|attach|portforward)$/;

export const rejectOtherUpgrades = createMiddleware<HttpEnv>(async (c, next) => {
  const upgrade = c.req.raw.headers.get("upgrade");
  if (upgrade !== null && upgrade.toLowerCase() !== "websocket" && !streamPath.test(c.req.path)) {
    throw StatusError.badRequest(`unable to upgrade the connection to ${upgrade}: use a WebSocket`);
  }
  await next();
});
