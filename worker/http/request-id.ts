/** Middleware: a name for the request, which errors say and the log has. */
import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "./context.ts";

export const requestId = createMiddleware<HttpEnv>(async (c, next) => {
  c.set("requestId", crypto.randomUUID());
  await next();
});
