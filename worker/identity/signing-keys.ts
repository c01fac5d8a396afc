/**
 * The keys that sign service accounts' tokens: the first one signs, all verify. RS256, because that is what every
 * cloud takes that pods may federate with. Pure.
 */
import type { JWK } from "jose";

export interface SigningKey {
  /** Its RFC 7638 thumbprint. */
  kid: string;
  publicKey: JWK;
  /** Only of the key that signs. */
  privateKey?: JWK;
  /** Milliseconds since the epoch: since when another key signs. */
  retiredAt?: number;
}

export const signingAlgorithm = "RS256";

/** No token lives longer, so a key that signs no more may go after this time. */
export const longestTokenSeconds = 365 * 24 * 3600;

/** `next` signs from now on. What the others signed stays good until it is over, or is bad at once (`isRevoking`). */
export function rotated(keys: readonly SigningKey[], next: SigningKey, { now, isRevoking }: { now: number; isRevoking: boolean }): SigningKey[] {
  const kept = isRevoking ? [] : keys.map(({ kid, publicKey, retiredAt = now }) => ({ kid, publicKey, retiredAt }));
  return [next, ...kept.filter(({ retiredAt }) => !isOver(retiredAt, now))];
}

const isOver = (retiredAt: number, now: number): boolean => now > retiredAt + longestTokenSeconds * 1000;

/** What anybody may know. */
export function jwksOf(keys: readonly SigningKey[]): { keys: JWK[] } {
  return { keys: keys.map(({ kid, publicKey: { kty, n, e } }) => ({ use: "sig", kty, kid, alg: signingAlgorithm, n, e }) as JWK) };
}
