/**
 * `POST /kedge/v1/signingkeys`: the admin has another key sign service accounts' tokens from now on.
 * `POST /kedge/v1/encryptionkeys/reseal`: what older keys encrypted is encrypted with the first one, as much as one
 * request may do; `isDone` says whether that was all.
 */
import { Hono } from "hono";
import { StatusError } from "../../protocol/status.ts";
import { rotateServiceAccountKeys } from "../identity/service-account-keys.ts";
import { storeOf } from "../objects/ports.ts";
import { isPrivileged, type User } from "../auth/user.ts";
import type { HttpEnv } from "./context.ts";

export const keyRoutes = new Hono<HttpEnv>()
  .post("/encryptionkeys/reseal", async (c) => {
    requireAdmin(c.var.user);
    return c.json(await storeOf(c.env).reseal());
  })
  .post("/signingkeys", async (c) => {
  requireAdmin(c.var.user);
  const keys = await rotateServiceAccountKeys(c.env, storeOf(c.env), c.req.query("revoke") === "true");
  return c.json({ keys: keys.map(({ kid, retiredAt }) => ({ kid, ...(retiredAt === undefined ? {} : { retiredAt: new Date(retiredAt).toISOString() }) })) }, 201);
});

function requireAdmin(user: User): void {
  if (!isPrivileged(user)) throw StatusError.forbidden({ group: "", kind: "" }, `User ${JSON.stringify(user.name)} cannot rotate keys`);
}
