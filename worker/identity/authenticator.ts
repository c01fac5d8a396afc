/**
 * Whose a bearer token is, whatever kind of token it is:
 *
 *     abc.def.ghi without an issuer ► an agent's         abc.def.ghi ► a service account's
 *     anything else ► the admin's
 */
import { decodeJwt } from "jose";
import { TokenVerifier } from "../auth/tokens.ts";
import type { Env } from "../env.ts";
import { hubOf } from "../objects/ports.ts";
import type { Store } from "../storage/store.ts";
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
  return isOfServiceAccount(token)
    ? await serviceAccountTokens(question.env).verify(question.store, token, question.audiences)
    : await whoseOwn(token, question);
}

/** Tokens that say nothing of whom they are meant for are meant for the API. */
async function whoseOwn(token: string, { env, apiAudiences, audiences }: Question): Promise<Verdict | undefined> {
  const common = audiences.filter((audience) => apiAudiences.includes(audience));
  if (common.length === 0) return undefined;
  const user = await verifier.verify(token, env.ADMIN_TOKEN_SHA256, (node) => hubOf(env).identityOf(node));
  return user === undefined ? undefined : { user, audiences: common };
}

/** Agents' tokens name no issuer. */
function isOfServiceAccount(token: string): boolean {
  return token.split(".").length === 3 && issuerIn(token) !== undefined;
}

function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
