/** Bearer tokens: the admin's, known by its hash, and the agents' short-lived JWTs, known by their public keys. */
import { decodeJwt, errors, importJWK, jwtVerify } from "jose";
import { objectOf } from "../registry/text.ts";
import type { Store } from "../storage/store.ts";
import { admin, nodeUser, type User } from "./user.ts";

const keyLifeMs = 5_000;
const clockToleranceSeconds = 30;
const longestLifeSeconds = 120;
const cacheLimit = 1_000;

type Key = Awaited<ReturnType<typeof importJWK>>;

/** Remembers for a moment what costs a hash, a signature or a read; never whether the admin's token is still right. */
export class TokenVerifier {
  readonly #hashes = new Map<string, string>();
  readonly #agents = new Map<string, { user: User; expires: number }>();
  readonly #keys = new Map<string, { key: Key; expires: number }>();
  #clusterUid: string | undefined;

  /** Undefined: nobody that is known here. The store is opened only for an agent that is not remembered. */
  async verify(token: string, adminHash: string, openStore: () => Store): Promise<User | undefined> {
    if (token.split(".").length === 3) return await this.#verifyAgent(token, openStore);
    const hash = this.#hashes.get(token) ?? (await hashOf(token));
    if (!isSame(hash, adminHash.toLowerCase())) return undefined;
    // Only of tokens that were right once: strangers fill no memory here.
    this.#hashes.set(token, hash);
    return admin;
  }

  async #verifyAgent(token: string, openStore: () => Store): Promise<User | undefined> {
    const known = this.#agents.get(token);
    if (known !== undefined && known.expires > Date.now()) return known.user;
    const store = openStore();
    try {
      const node = decodeJwt(token).sub ?? "";
      const key = await this.#keyOf(node, store);
      if (key === undefined) return undefined;
      const { payload } = await jwtVerify(token, key, {
        algorithms: ["EdDSA"],
        audience: await this.#audience(store),
        subject: node,
        requiredClaims: ["exp", "sub", "aud"],
        clockTolerance: clockToleranceSeconds,
      });
      const lifeSeconds = (payload.exp ?? 0) - Date.now() / 1000;
      if (lifeSeconds > longestLifeSeconds || typeof payload["session"] !== "number") return undefined;
      return this.#remember(token, nodeUser(node, payload["session"]));
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  #remember(token: string, user: User): User {
    if (this.#agents.size >= cacheLimit) this.#agents.clear();
    this.#agents.set(token, { user, expires: Date.now() + keyLifeMs });
    return user;
  }

  /** Short-lived, so that a revoked agent is out after seconds. */
  async #keyOf(node: string, store: Store): Promise<Key | undefined> {
    const known = this.#keys.get(node);
    if (known !== undefined && known.expires > Date.now()) return known.key;
    this.#keys.delete(node);
    const stored = await store.get(`_agents//${node}`);
    if (stored === undefined) return undefined;
    const { publicKey } = objectOf({ group: "", version: "v1", kind: "Agent" }, stored);
    if (typeof publicKey !== "string") return undefined;
    const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: publicKey }, "EdDSA");
    this.#keys.set(node, { key, expires: Date.now() + keyLifeMs });
    return key;
  }

  async #audience(store: Store): Promise<string> {
    this.#clusterUid ??= (await store.describe()).clusterUid;
    return this.#clusterUid;
  }
}

async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Compares in a time that does not tell where they differ. */
function isSame(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at += 1) difference |= left.charCodeAt(at) ^ right.charCodeAt(at);
  return difference === 0;
}
