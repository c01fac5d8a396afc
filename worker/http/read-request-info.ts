/** Middleware: what is asked for, in the words that everything after it decides by. */
import type { HonoRequest } from "hono";
import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "./context.ts";
import { requestInfoOf, type RequestInfo } from "./request-info.ts";

export const readRequestInfo = createMiddleware<HttpEnv>(async (c, next) => {
  c.set("info", infoIn(c.req));
  await next();
});

export function infoIn(request: HonoRequest): RequestInfo {
  return requestInfoOf(request.method, request.path, isWatch(request.query("watch")));
}

function isWatch(value: string | undefined): boolean {
  return value !== undefined && value !== "0" && value.toLowerCase() !== "false";
}
