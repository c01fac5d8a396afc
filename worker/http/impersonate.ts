/** Middleware: who asks as somebody else is that one from here on, if they may be. */
import { createMiddleware } from "hono/factory";
import { denied } from "../auth/attributes.ts";
import { impersonationOf } from "../auth/impersonate.ts";
import { authorizerOf } from "./authorizer.ts";
import type { HttpEnv } from "./context.ts";

export const impersonate = createMiddleware<HttpEnv>(async (c, next) => {
  const impersonation = impersonationOf(c.req.raw.headers);
  if (impersonation !== undefined) {
    const caller = c.get("user");
    const ask = authorizerOf(c.env);
    for (const attributes of impersonation.needs) {
      const { isAllowed, reason } = await ask(caller, attributes);
      if (!isAllowed) c.set("decision", { isAllowed, reason });
      if (!isAllowed) throw denied(caller, attributes, reason);
    }
    c.set("caller", caller);
    c.set("user", impersonation.user);
  }
  await next();
});
