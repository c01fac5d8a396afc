/** Middleware: may they. */
import { createMiddleware } from "hono/factory";
import { authorize as decide, authorizePath, denialOf } from "../auth/authorize.ts";
import { isBound } from "../auth/bound.ts";
import type { User } from "../auth/user.ts";
import { StatusError } from "../../protocol/status.ts";
import type { HttpEnv } from "./context.ts";
import { requestInfoOf, type RequestInfo, type ResourceRequest } from "./request-info.ts";
import { storeOf } from "../objects/ports.ts";
import type { Env } from "../env.ts";

export const authorize = createMiddleware<HttpEnv>(async (c, next) => {
  const info = requestInfoOf(c.req.method, c.req.path, isWatch(c.req.query("watch")));
  c.set("info", info);
  const user = c.get("user");
  if (!(await isAllowed(user, info, c.env))) throw denied(user, info);
  await next();
});

async function isAllowed(user: User, info: RequestInfo, env: Env): Promise<boolean> {
  if (!info.isResource) return authorizePath(user, info);
  const decision = decide(user, info);
  if (decision !== "ifBound") return decision === "allow";
  return await isBound(storeOf(env), user.node ?? "", info);
}

function denied(user: User, info: RequestInfo): StatusError {
  if (!info.isResource) {
    return StatusError.forbidden({ group: "", kind: "" }, `User "${user.name}" cannot ${info.verb} path "${info.path}"`);
  }
  return StatusError.forbidden(aboutOf(info), denialOf(user, info));
}

function aboutOf({ group, resource, name, subresource }: ResourceRequest) {
  return { group, kind: subresource === "" ? resource : `${resource}/${subresource}`, name };
}

export function isWatch(value: string | undefined): boolean {
  return value !== undefined && value !== "0" && value !== "false";
}
