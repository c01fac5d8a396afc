/**
 * An issuer's public keys: fetched when first needed and when a token names one that is not known, never more often than
 * a back-off allows, and kept when the issuer does not answer.
 */
import type { JSONWebKeySet } from "jose";
import { isRecord } from "../../../protocol/kubernetes/equal.ts";
import type { OidcIssuer } from "./configuration.ts";

export interface IssuerKeyPorts {
  /** Throws what went wrong. */
  fetchJson(url: string): Promise<unknown>;
  now(): number;
  random(): number;
}

const freshMs = 15 * 60_000;
const firstBackOffMs = 1_000;
const longestBackOffMs = 60_000;
/** Tokens with made-up keys are free to make: the issuer is not asked for each. */
const unknownKeyMs = 10_000;

export class IssuerKeys {
  readonly #issuer: OidcIssuer;
  readonly #ports: IssuerKeyPorts;
  #known: JSONWebKeySet | undefined;
  #fetchedAt = -Infinity;
  #askAgainAt = 0;
  #failures = 0;

  constructor(issuer: OidcIssuer, ports: IssuerKeyPorts) {
    this.#issuer = issuer;
    this.#ports = ports;
    this.#known = issuer.keys;
  }

  /** Undefined: the issuer was not reached, now or before. `kid`: the key that is looked for. */
  async keysFor(kid: string | undefined): Promise<JSONWebKeySet | undefined> {
    if (this.#issuer.keys !== undefined) return this.#issuer.keys;
    const now = this.#ports.now();
    const isKnown = this.#known?.keys.some((key) => kid === undefined || key.kid === kid) === true;
    const isOld = now - this.#fetchedAt > freshMs;
    if ((!isKnown || isOld) && now >= this.#askAgainAt) await this.#fetch(now);
    return this.#known;
  }

  async #fetch(now: number): Promise<void> {
    this.#askAgainAt = now + unknownKeyMs;
    try {
      const { fetchJson } = this.#ports;
      const discovered = await fetchJson(this.#issuer.discoveryUrl);
      if (!isRecord(discovered) || discovered["issuer"] !== this.#issuer.url) throw new Error("the discovery document is another issuer's");
      const keysUrl = discovered["jwks_uri"];
      if (typeof keysUrl !== "string" || !keysUrl.startsWith("https://")) throw new Error("the discovery document names no https jwks_uri");
      const keys = await fetchJson(keysUrl);
      if (!isRecord(keys) || !Array.isArray(keys["keys"])) throw new Error("the keys are no JSON Web Key Set");
      this.#known = keys as unknown as JSONWebKeySet; // each is checked when it is imported
      this.#fetchedAt = now;
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const backOffMs = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (this.#failures - 1));
      this.#askAgainAt = now + backOffMs * (0.5 + this.#ports.random() / 2);
      console.warn(JSON.stringify({ level: "warn", message: "an OIDC issuer's keys could not be had", issuer: this.#issuer.url, error: String(error) }));
    }
  }
}

const timeoutMs = 5_000;
const longestAnswer = 1024 * 1024;

/** Redirects are not followed: the configuration names the issuer's address. */
export async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "manual", headers: { accept: "application/json" } });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  const text = await response.text();
  if (text.length > longestAnswer) throw new Error(`${url} answered too much`);
  return JSON.parse(text) as unknown;
}
