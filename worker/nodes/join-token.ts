/** One-time join tokens: `kj.<32 random bytes, base64url>.<SHA-256 of the CA, base64url, or empty>`. */

const pattern = /^kj\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})?$/;

export function formatJoinToken(random: Uint8Array, caSha256: string): string {
  return `kj.${base64url(random)}.${caSha256}`;
}

export function isJoinToken(token: string): boolean {
  return pattern.test(token);
}

/** What the store keeps: the token itself is nowhere at rest. */
export async function joinTokenKey(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `_jointokens//${hex}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
