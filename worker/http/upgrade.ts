/**
 * Middleware: of the protocols that a connection can be upgraded to, only WebSocket is served. workerd would answer
 * any other upgrade with a plain 200, which a SPDY client takes for a stream that never comes.
 */
import { createMiddleware } from "hono/factory";
import { StatusError } from "../../protocol/status.ts";
import type { HttpEnv } from "./context.ts";

export const rejectOtherUpgrades = createMiddleware<HttpEnv>(async (c, next) => {
  const upgrade = c.req.raw.headers.get("upgrade");
  if (upgrade !== null && upgrade.toLowerCase() !== "websocket") {
    throw StatusError.badRequest(`unable to upgrade the connection to ${upgrade}: use a WebSocket`);
  }
  await next();
});
