/** Middleware: who asks. A wrong token is refused; none at all is anonymous, which may see little. */
import { createMiddleware } from "hono/factory";
import { impersonated } from "../auth/impersonate.ts";
import { TokenVerifier } from "../auth/tokens.ts";
import { anonymous } from "../auth/user.ts";
import { StatusError } from "../../protocol/status.ts";
import { hubOf } from "../objects/ports.ts";
import type { HttpEnv } from "./context.ts";

const verifier = new TokenVerifier();

export const authenticate = createMiddleware<HttpEnv>(async (c, next) => {
  const token = bearerOf(c.req.raw.headers);
  if (token === undefined) {
    c.set("user", anonymous);
  } else {
    const user = await verifier.verify(token, c.env.ADMIN_TOKEN_SHA256, (node) => hubOf(c.env).identityOf(node));
    if (user === undefined) throw StatusError.unauthorized();
    c.set("user", impersonated(user, c.req.raw.headers));
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
