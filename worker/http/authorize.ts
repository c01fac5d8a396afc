/** Middleware: may they. */
import { createMiddleware } from "hono/factory";
import { denied } from "../auth/attributes.ts";
import { authorizeAtOnce } from "../auth/authorize.ts";
import { isPrivileged } from "../auth/user.ts";
import { attributesOf } from "./attributes.ts";
import { authorizerOf } from "./authorizer.ts";
import type { HttpEnv } from "./context.ts";
import { queryOf } from "./query.ts";

export const authorize = createMiddleware<HttpEnv>(async (c, next) => {
  const info = c.get("info");
  const user = c.get("user");
  if (!isPrivileged(user)) {
    const ask = authorizerOf(c.env);
    for (const attributes of attributesOf(info, queryOf(c.req.url))) {
      const decision = authorizeAtOnce(user, attributes) ?? (await ask(user, attributes));
      c.set("decision", decision);
      if (!decision.isAllowed) throw denied(user, attributes, decision.reason);
    }
  }
  await next();
});
