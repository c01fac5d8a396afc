/** Middleware: what is asked for, in the words that everything after it decides by. */
import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "./context.ts";
import { requestInfoOf } from "./request-info.ts";

export const readRequestInfo = createMiddleware<HttpEnv>(async (c, next) => {
  c.set("info", requestInfoOf(c.req.method, c.req.path, isWatch(c.req.query("watch"))));
  await next();
});

function isWatch(value: string | undefined): boolean {
  return value !== undefined && value !== "0" && value.toLowerCase() !== "false";
}
