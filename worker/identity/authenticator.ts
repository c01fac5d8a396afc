/**
 * Whose a bearer token is, whatever kind of token it is:
 *
 *     abcdef.0123456789abcdef ► a bootstrap token of kube-system
 *     header.payload.signature ► of a configured issuer: a user from outside
 *                              ► without an issuer: an agent
 *                              ► any other: a service account
 *     anything else ► the admin
 */
import { decodeJwt } from "jose";
import type { Secret } from "../../protocol/kubernetes/generated/types.ts";
import type { User } from "../auth/user.ts";
import { TokenVerifier } from "../auth/tokens.ts";
import type { Env } from "../env.ts";
import { hubOf } from "../objects/ports.ts";
import { objectOf } from "../registry/text.ts";
import { secrets } from "../resources/core/secrets.ts";
import type { Store } from "../storage/store.ts";
import { bootstrapSecretKey, bootstrapTokenOf, bootstrapUser, type BootstrapToken } from "./bootstrap-token.ts";
import { oidcIssuersOf, type OidcIssuer } from "./oidc/configuration.ts";
import { fetchJson } from "./oidc/issuer-keys.ts";
import { OidcTokens } from "./oidc/tokens.ts";
import { serviceAccountKeys } from "./service-account-keys.ts";
import { ServiceAccountTokens, type Verdict } from "./service-account-tokens.ts";

export interface Question {
  env: Env;
  store: Store;
  /** Of the API itself. */
  apiAudiences: string[];
  /** Whom the token must be meant for: one of these. */
  audiences: string[];
}

const verifier = new TokenVerifier();
let tokens: ServiceAccountTokens | undefined;

/** The isolate's own. */
export function serviceAccountTokens(env: Env): ServiceAccountTokens {
  return (tokens ??= new ServiceAccountTokens(serviceAccountKeys(env), () => Date.now()));
}

/** Undefined: nobody's who is known here. */
export async function whose(token: string, question: Question): Promise<Verdict | undefined> {
  const issuer = isJwt(token) ? issuerIn(token) : undefined;
  if (issuer !== undefined && !oidcTokens(question.env).knows(issuer)) {
    return await serviceAccountTokens(question.env).verify(question.store, token, question);
  }
  // Tokens that say nothing of whom they are meant for, or name another system's client, are meant for the API.
  const common = question.audiences.filter((audience) => question.apiAudiences.includes(audience));
  if (common.length === 0) return undefined;
  const found = issuer === undefined ? await whoseOwn(token, question) : await oidcTokens(question.env).verify(token, issuer);
  return found === undefined || "why" in found ? found : { user: found.user, audiences: common };
}

async function whoseOwn(token: string, { env, store }: Question): Promise<{ user: User } | undefined> {
  const bootstrap = bootstrapTokenOf(token);
  const user = bootstrap === undefined
    ? await verifier.verify(token, env.ADMIN_TOKEN_SHA256, (node) => hubOf(env).identityOf(node))
    : await whoseBootstrap(bootstrap, store);
  return user === undefined ? undefined : { user };
}

async function whoseBootstrap(token: BootstrapToken, store: Store): Promise<User | undefined> {
  const stored = await store.get(bootstrapSecretKey(token));
  return stored === undefined ? undefined : bootstrapUser(token, objectOf<Secret>(secrets, stored), Date.now());
}

let oidc: { text: string; tokens: OidcTokens } | undefined;

/** The isolate's own. A configuration that cannot be read lets nobody in, and says so in the log. */
function oidcTokens({ OIDC_ISSUERS: text = "" }: Env): OidcTokens {
  if (oidc?.text !== text) oidc = { text, tokens: new OidcTokens(configured(text), { fetchJson, now: () => Date.now(), random: () => Math.random() }) };
  return oidc.tokens;
}

function configured(text: string): OidcIssuer[] {
  try {
    return oidcIssuersOf(text);
  } catch (error) {
    console.error(JSON.stringify({ level: "error", message: "no user of an OIDC issuer can log in", error: String(error) }));
    return [];
  }
}

const isJwt = (token: string): boolean => token.split(".").length === 3;

function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
