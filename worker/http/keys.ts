/** `POST /kedge/v1/signingkeys`: the admin has another key sign service accounts' tokens from now on. */
import { Hono } from "hono";
import { StatusError } from "../../protocol/status.ts";
import { rotateServiceAccountKeys } from "../identity/service-account-keys.ts";
import { storeOf } from "../objects/ports.ts";
import type { HttpEnv } from "./context.ts";

export const keyRoutes = new Hono<HttpEnv>().post("/signingkeys", async (c) => {
  const { name, groups } = c.var.user;
  if (!groups.includes("system:masters")) throw StatusError.forbidden({ group: "", kind: "" }, `User ${JSON.stringify(name)} cannot rotate keys`);
  const keys = await rotateServiceAccountKeys(c.env, storeOf(c.env), c.req.query("revoke") === "true");
  return c.json({ keys: keys.map(({ kid, retiredAt }) => ({ kid, ...(retiredAt === undefined ? {} : { retiredAt: new Date(retiredAt).toISOString() }) })) }, 201);
});
