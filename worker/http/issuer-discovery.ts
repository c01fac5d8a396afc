/**
 * Whom service accounts' tokens are from, and how to verify them (OpenID Connect discovery), so that others, such as a
 * cloud's identity service, may trust a pod's token. For everybody, unless ISSUER_DISCOVERY says `authorized`.
 */
import type { Context } from "hono";
import { issuerOf } from "../identity/issuer.ts";
import { serviceAccountKeys } from "../identity/service-account-keys.ts";
import { jwksOf, signingAlgorithm } from "../identity/signing-keys.ts";
import { storeOf } from "../objects/ports.ts";
import type { App, HttpEnv } from "./context.ts";

const discoveryPath = "/.well-known/openid-configuration";
const keysPath = "/openid/v1/jwks";
const cached = { "cache-control": "public, max-age=3600" };

/** Mounted before authentication. */
export function mountPublicIssuerDiscovery(app: App): void {
  app.get(discoveryPath, async (c, next) => (isPublic(c) ? discovery(c) : await next()));
  app.get(keysPath, async (c, next) => (isPublic(c) ? await keys(c) : await next()));
}

/** Mounted behind authorization. */
export function mountIssuerDiscovery(app: App): void {
  app.get(discoveryPath, discovery);
  app.get(keysPath, keys);
}

type Asked = Context<HttpEnv>;

const isPublic = ({ env }: Asked): boolean => env.ISSUER_DISCOVERY !== "authorized";

function discovery({ env, req }: Asked): Response {
  const issuer = issuerOf(env, req.url);
  const configuration = {
    issuer,
    jwks_uri: `${issuer}${keysPath}`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [signingAlgorithm],
  };
  return new Response(JSON.stringify(configuration), { headers: { ...cached, "content-type": "application/json" } });
}

async function keys({ env }: Asked): Promise<Response> {
  const known = await serviceAccountKeys(env).keys(storeOf(env));
  return new Response(JSON.stringify(jwksOf(known)), { headers: { ...cached, "content-type": "application/jwk-set+json" } });
}
