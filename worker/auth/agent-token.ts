/** Agents' tokens: short-lived JWTs, known by the public key that the agent was registered with. */
import { decodeJwt, errors, importJWK, jwtVerify } from "jose";
import { nodeUser, type User } from "./user.ts";

const clockToleranceSeconds = 30;
const longestLifeSeconds = 120;

/** What an agent's token is verified with. */
export interface AgentIdentity {
  /** Ed25519, JWK `x`. */
  publicKey: string;
  clusterUid: string;
}

export function isAgentToken(token: string): boolean {
  return token.split(".").length === 3;
}

/** Undefined: nobody that is known here. */
export async function verifyAgentToken(
  token: string,
  identityOf: (node: string) => Promise<AgentIdentity | undefined>,
): Promise<User | undefined> {
  try {
    const node = decodeJwt(token).sub ?? "";
    const identity = node === "" ? undefined : await identityOf(node);
    if (identity === undefined) return undefined;
    const { payload } = await jwtVerify(token, await importJWK({ kty: "OKP", crv: "Ed25519", x: identity.publicKey }, "EdDSA"), {
      algorithms: ["EdDSA"],
      audience: identity.clusterUid,
      subject: node,
      requiredClaims: ["exp", "sub", "aud"],
      clockTolerance: clockToleranceSeconds,
    });
    const lifeSeconds = (payload.exp ?? 0) - Date.now() / 1000;
    if (lifeSeconds > longestLifeSeconds || typeof payload["session"] !== "number") return undefined;
    return nodeUser(node, payload["session"]);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}
