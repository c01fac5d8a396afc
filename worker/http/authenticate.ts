/** Middleware: who asks. A wrong token is refused; none at all is anonymous, which may see little. */
import { createMiddleware } from "hono/factory";
import { anonymous } from "../auth/user.ts";
import { whose } from "../identity/authenticator.ts";
import { apiAudiences } from "../identity/issuer.ts";
import { StatusError } from "../../protocol/status.ts";
import { storeOf } from "../objects/ports.ts";
import type { HttpEnv } from "./context.ts";

export const authenticate = createMiddleware<HttpEnv>(async (c, next) => {
  const token = bearerOf(c.req.raw.headers);
  if (token === undefined) {
    c.set("user", anonymous);
  } else {
    const audiences = apiAudiences(c.env, c.req.url);
    const verdict = await whose(token, { env: c.env, store: storeOf(c.env), apiAudiences: audiences, audiences });
    if (verdict === undefined || "why" in verdict) throw StatusError.unauthorized();
    c.set("user", verdict.user);
  }
  await next();
});

function bearerOf(headers: Headers): string | undefined {
  const header = headers.get("authorization");
  if (header === null) return undefined;
  const match = /^bearer\s+(\S+)\s*$/i.exec(header);
  if (match?.[1] === undefined) throw StatusError.unauthorized();
  return match[1];
}
