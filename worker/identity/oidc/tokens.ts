/** ID tokens of the configured issuers. */
import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from "jose";
import type { User } from "../../auth/user.ts";
import { TokenCache } from "../token-cache.ts";
import type { OidcIssuer } from "./configuration.ts";
import { IssuerKeys, type IssuerKeyPorts } from "./issuer-keys.ts";
import { oidcUser } from "./user.ts";

/** Never a symmetric one. */
const algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"];
/** As upstream: so long a token that was good is believed. */
const believedMs = 10_000;

interface Known {
  issuer: OidcIssuer;
  keys: IssuerKeys;
}

export class OidcTokens {
  readonly #issuers: ReadonlyMap<string, Known>;
  readonly #ports: IssuerKeyPorts;
  readonly #believed = new TokenCache<User>();

  constructor(issuers: OidcIssuer[], ports: IssuerKeyPorts) {
    this.#ports = ports;
    this.#issuers = new Map(issuers.map((issuer) => [issuer.url, { issuer, keys: new IssuerKeys(issuer, ports) }]));
  }

  knows(issuer: string): boolean {
    return this.#issuers.has(issuer);
  }

  async verify(token: string, url: string): Promise<{ user: User } | { why: string }> {
    const known = this.#issuers.get(url);
    if (known === undefined) return { why: `oidc: ${JSON.stringify(url)} is no known issuer` };
    const believed = this.#believed.get(token, this.#ports.now());
    if (believed !== undefined) return { user: believed };
    const payload = await this.#payloadOf(token, known);
    if ("why" in payload) return { why: payload.why };
    const user = oidcUser(known.issuer, payload.claims);
    if ("why" in user) return user;
    this.#believed.set(token, user, Math.min(this.#ports.now() + believedMs, (payload.claims.exp ?? 0) * 1000));
    return { user };
  }

  async #payloadOf(token: string, { issuer, keys }: Known): Promise<{ claims: JWTPayload } | { why: string }> {
    try {
      const set: JSONWebKeySet | undefined = await keys.keysFor(decodeProtectedHeader(token).kid);
      if (set === undefined) return { why: "oidc: authenticator not initialized" };
      const { payload } = await jwtVerify(token, createLocalJWKSet(set), {
        algorithms,
        issuer: issuer.url,
        audience: issuer.audiences,
        requiredClaims: ["exp"],
        currentDate: new Date(this.#ports.now()),
      });
      return { claims: payload };
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return { why: `oidc: verify token: ${error.message}` };
      throw error;
    }
  }
}
