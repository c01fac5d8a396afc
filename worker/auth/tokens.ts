/** Bearer tokens: the admin's, known by its hash, and the agents' short-lived JWTs (./agent-token.ts). */
import { type AgentIdentity, isAgentToken, verifyAgentToken } from "./agent-token.ts";
import { admin, type User } from "./user.ts";

/** Short, so that a revoked agent is out after seconds. */
const agentMs = 5_000;
const cacheLimit = 1_000;

/** Remembers for a moment what costs a hash, a signature or a question; never whether the admin's token is still right. */
export class TokenVerifier {
  readonly #hashes = new Map<string, string>();
  readonly #agents = new Map<string, { user: User; expires: number }>();

  /** Undefined: nobody that is known here. The identity is asked for only of an agent that is not remembered. */
  async verify(
    token: string,
    adminHash: string,
    identityOf: (node: string) => Promise<AgentIdentity | undefined>,
  ): Promise<User | undefined> {
    if (isAgentToken(token)) return this.#agent(token) ?? this.#remember(token, await verifyAgentToken(token, identityOf));
    const hash = this.#hashes.get(token) ?? (await hashOf(token));
    if (!isSame(hash, adminHash.toLowerCase())) return undefined;
    // Only of tokens that were right once: strangers fill no memory here.
    this.#hashes.set(token, hash);
    return admin;
  }

  #agent(token: string): User | undefined {
    const known = this.#agents.get(token);
    return known !== undefined && known.expires > Date.now() ? known.user : undefined;
  }

  #remember(token: string, user: User | undefined): User | undefined {
    if (user === undefined) return undefined;
    if (this.#agents.size >= cacheLimit) this.#agents.clear();
    this.#agents.set(token, { user, expires: Date.now() + agentMs });
    return user;
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
