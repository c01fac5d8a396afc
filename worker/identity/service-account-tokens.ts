/** Service accounts' tokens: how they are made, and what is asked of one before it is believed. */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from "jose";
import type { Keyring, KeyringStore } from "./keyring.ts";
import type { User } from "../auth/user.ts";
import { claimsOf, legacyClaimsOf, legacyPayload, type LegacyAccount, serviceAccountUser, subjectOf, type ServiceAccountClaims } from "./service-account-claims.ts";
import { importedKey } from "./service-account-keys.ts";
import { signingAlgorithm, type SigningKey } from "./signing-keys.ts";
import { BoundObjects, type BoundObjectStore } from "./bound-objects.ts";
import { TokenCache } from "./token-cache.ts";

export type TokenStore = KeyringStore & BoundObjectStore;

export interface TokenWish {
  claims: ServiceAccountClaims;
  issuer: string;
  audiences: string[];
  /** Seconds since the epoch. */
  issuedAt: number;
  lifeSeconds: number;
  tokenId: string;
}

/** Whose a token is; `why` is what a TokenReview says of one that is good no more. */
export type Verdict = { user: User; audiences: string[] } | { why: string };

interface Verified {
  kid: string;
  claims: ServiceAccountClaims;
  payload: JWTPayload;
  /** A Secret's: good while the Secret holds it, and for the API. */
  isLegacy: boolean;
}

/** go-jose's leeway, which upstream's tokens have. */
const leewaySeconds = 60;

export class ServiceAccountTokens {
  readonly #keyring: Keyring<SigningKey[]>;
  readonly #now: () => number;
  readonly #verified = new TokenCache<Verified>();
  readonly #bound: BoundObjects;

  constructor(keyring: Keyring<SigningKey[]>, now: () => number) {
    this.#keyring = keyring;
    this.#now = now;
    this.#bound = new BoundObjects(now);
  }

  async sign(store: TokenStore, { claims, issuer, audiences, issuedAt, lifeSeconds, tokenId }: TokenWish): Promise<string> {
    const [key] = await this.#keyring.keys(store);
    if (key?.privateKey === undefined) throw new Error("the cluster has no key to sign with");
    return await new SignJWT({ "kubernetes.io": claims })
      .setProtectedHeader({ alg: signingAlgorithm, kid: key.kid })
      .setIssuer(issuer).setSubject(subjectOf(claims)).setAudience(audiences).setJti(tokenId)
      .setIssuedAt(issuedAt).setNotBefore(issuedAt).setExpirationTime(issuedAt + lifeSeconds)
      .sign(await importedKey(key.privateKey));
  }

  async signLegacy(store: TokenStore, account: LegacyAccount): Promise<string> {
    const [key] = await this.#keyring.keys(store);
    if (key?.privateKey === undefined) throw new Error("the cluster has no key to sign with");
    return await new SignJWT(legacyPayload(account)).setProtectedHeader({ alg: signingAlgorithm, kid: key.kid }).sign(await importedKey(key.privateKey));
  }

  /** Undefined: not one of this cluster's. `audiences`: it must be meant for one of them. */
  async verify(store: TokenStore, token: string, { audiences, apiAudiences }: { audiences: string[]; apiAudiences: string[] }): Promise<Verdict | undefined> {
    const verified = (await this.#remembered(store, token)) ?? (await this.#verifySignature(store, token));
    if (verified === undefined || "why" in verified) return verified;
    const { claims, payload, isLegacy } = verified;
    const named = isLegacy ? apiAudiences : audiencesOf(payload);
    const common = audiences.filter((audience) => named.includes(audience));
    if (common.length === 0) return { why: `token audiences ${quoted(named)} is invalid for the target audiences ${quoted(audiences)}` };
    const why = await this.#bound.whyGone(store, claims, isLegacy ? token : undefined);
    return why === undefined ? { user: serviceAccountUser(claims, payload.jti ?? ""), audiences: common } : { why };
  }

  /** A signature that was verified once, by a key that still counts. */
  async #remembered(store: TokenStore, token: string): Promise<Verified | undefined> {
    const known = this.#verified.get(token, this.#now());
    return known === undefined || (await this.#keyOf(store, known.kid)) === undefined ? undefined : known;
  }

  async #verifySignature(store: TokenStore, token: string): Promise<Verified | { why: string } | undefined> {
    try {
      const key = await this.#keyOf(store, decodeProtectedHeader(token).kid);
      if (key === undefined) return undefined;
      const { payload } = await jwtVerify(token, await importedKey(key.publicKey), {
        algorithms: [signingAlgorithm],
        clockTolerance: leewaySeconds,
        currentDate: new Date(this.#now()),
        requiredClaims: ["iss", "sub"],
      });
      const bound = payload.exp === undefined || payload.aud === undefined ? undefined : claimsOf(payload);
      const claims = bound ?? legacyClaimsOf(payload);
      if (claims === undefined) return undefined;
      const verified = { kid: key.kid, claims, payload, isLegacy: bound === undefined };
      this.#verified.set(token, verified, ((payload.exp ?? Infinity) + leewaySeconds) * 1000);
      return verified;
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { why: "service account token has expired" };
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  async #keyOf(store: TokenStore, kid: string | undefined): Promise<SigningKey | undefined> {
    if (kid === undefined) return undefined;
    const isMeant = (key: SigningKey) => key.kid === kid;
    return (await this.#keyring.keys(store)).find(isMeant) ?? (await this.#keyring.newer(store)).find(isMeant);
  }
}

function audiencesOf({ aud = [] }: JWTPayload): string[] {
  return typeof aud === "string" ? [aud] : aud;
}

/** As Go prints a list of strings with %q. */
const quoted = (words: string[]): string => `[${words.map((word) => JSON.stringify(word)).join(" ")}]`;
