/**
 * Bootstrap tokens: Secrets of kube-system that let somebody ask for an identity of their own.
 * https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
 */
import type { Secret } from "../../protocol/kubernetes/generated/types.ts";
import { authenticatedGroup, type User } from "../auth/user.ts";

const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const type = "bootstrap.kubernetes.io/token";
const group = "system:bootstrappers";
const extraGroup = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export interface BootstrapToken {
  id: string;
  secret: string;
}

/** Undefined: a token of another form. */
export function bootstrapTokenOf(token: string): BootstrapToken | undefined {
  const [, id, secret] = form.exec(token) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export const bootstrapSecretKey = ({ id }: BootstrapToken): string => `secrets/kube-system/bootstrap-token-${id}`;

/** Undefined: the Secret lets nobody in with this token at this time. */
export function bootstrapUser({ id, secret }: BootstrapToken, stored: Secret, now: number): User | undefined {
  if (stored.type !== type || stored.metadata?.deletionTimestamp !== undefined) return undefined;
  const data = (name: string): string => textOf(stored.data?.[name]);
  if (!isSame(data("token-secret"), secret) || data("token-id") !== id) return undefined;
  if (data("usage-bootstrap-authentication") !== "true" || isOver(data("expiration"), now)) return undefined;
  const extra = data("auth-extra-groups").split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (!extra.every((name) => extraGroup.test(name))) return undefined;
  return { name: `system:bootstrap:${id}`, groups: [...new Set([group, ...extra, authenticatedGroup])] };
}

/** What is no time is over, as upstream. */
function isOver(expiration: string, now: number): boolean {
  return expiration !== "" && !(Date.parse(expiration) > now);
}

function textOf(base64: string | undefined): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64 ?? ""), (character) => character.charCodeAt(0)));
  } catch {
    return "";
  }
}

/** Compares in a time that does not tell where they differ. */
function isSame(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at += 1) difference |= left.charCodeAt(at) ^ right.charCodeAt(at);
  return difference === 0;
}
