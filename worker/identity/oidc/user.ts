/** The user that a verified ID token makes, by the issuer's mappings. Pure. */
import { authenticatedGroup, type User } from "../../auth/user.ts";
import type { ClaimMapping, OidcIssuer } from "./configuration.ts";

type Claims = Record<string, unknown>;

export function oidcUser({ username, groups, uid, required }: OidcIssuer, claims: Claims): User | { why: string } {
  for (const { claim, value } of required) {
    if (claims[claim] !== value) return { why: `oidc: required claim ${claim} value does not match. Got = ${String(claims[claim])}, want = ${value}` };
  }
  const name = claims[username.claim];
  if (typeof name !== "string" || name === "") return { why: `oidc: parse username claims ${JSON.stringify(username.claim)}: claim not present` };
  if (username.claim === "email" && "email_verified" in claims && claims["email_verified"] !== true) return { why: "oidc: email not verified" };
  const named = groups === undefined ? [] : groupsOf(claims[groups.claim], groups);
  if (named === undefined) return { why: `oidc: parse groups claim ${JSON.stringify(groups?.claim)}: must be a string or a list of strings` };
  const all = [username.prefix + name, ...named];
  // Nobody outside makes somebody of the cluster's own: system:masters above all.
  const reserved = all.find((one) => one.startsWith("system:"));
  if (reserved !== undefined) return { why: `oidc: ${JSON.stringify(reserved)}: the prefix "system:" is reserved for the cluster itself` };
  const known = uid === undefined ? undefined : claims[uid.claim];
  return { name: username.prefix + name, ...(typeof known === "string" ? { uid: known } : {}), groups: [...named, authenticatedGroup] };
}

function groupsOf(value: unknown, { prefix }: ClaimMapping): string[] | undefined {
  if (value === undefined || value === null) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.every((item) => typeof item === "string") ? list.map((item) => prefix + item) : undefined;
}
