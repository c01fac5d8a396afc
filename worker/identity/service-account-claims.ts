/**
 * What a service account's token says (upstream's `serviceaccount/claims.go`), and the user that it makes.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 */
import { isRecord } from "../../protocol/kubernetes/equal.ts";
import { serviceAccountGroups, serviceAccountUsername } from "../auth/service-account-names.ts";
import { authenticatedGroup, type User } from "../auth/user.ts";

export interface Named {
  name: string;
  /** Absent: the object was not there when the token was made. */
  uid?: string;
}

export interface ServiceAccountClaims {
  namespace: string;
  serviceaccount: Named;
  pod?: Named;
  node?: Named;
  secret?: Named;
}

/** What is bound beside the service account itself. */
export type Binding = Pick<ServiceAccountClaims, "pod" | "node" | "secret">;

export function subjectOf({ namespace, serviceaccount }: ServiceAccountClaims): string {
  return serviceAccountUsername(namespace, serviceaccount.name);
}

/** Undefined: not the claims of a service account. */
export function claimsOf(payload: Record<string, unknown>): ServiceAccountClaims | undefined {
  const own = payload["kubernetes.io"];
  if (!isRecord(own) || typeof own["namespace"] !== "string") return undefined;
  const serviceaccount = namedOf(own["serviceaccount"]);
  if (serviceaccount?.uid === undefined) return undefined;
  const [pod, node, secret] = [namedOf(own["pod"]), namedOf(own["node"]), namedOf(own["secret"])];
  const claims = { namespace: own["namespace"], serviceaccount, ...(pod && { pod }), ...(node && { node }), ...(secret && { secret }) };
  return payload["sub"] === subjectOf(claims) ? claims : undefined;
}

function namedOf(value: unknown): Named | undefined {
  if (!isRecord(value) || typeof value["name"] !== "string") return undefined;
  return { name: value["name"], ...(typeof value["uid"] === "string" ? { uid: value["uid"] } : {}) };
}

export function serviceAccountUser(claims: ServiceAccountClaims, tokenId: string): User {
  const { namespace, serviceaccount, pod, node } = claims;
  return {
    name: subjectOf(claims),
    ...(serviceaccount.uid === undefined ? {} : { uid: serviceaccount.uid }),
    groups: [...serviceAccountGroups(namespace), authenticatedGroup],
    extra: {
      ...(tokenId === "" ? {} : { "authentication.kubernetes.io/credential-id": [`JTI=${tokenId}`] }),
      ...extraOf("node", node),
      ...extraOf("pod", pod),
    },
  };
}

function extraOf(what: string, named: Named | undefined): Record<string, string[]> {
  if (named === undefined) return {};
  const prefix = `authentication.kubernetes.io/${what}`;
  return { [`${prefix}-name`]: [named.name], ...(named.uid === undefined ? {} : { [`${prefix}-uid`]: [named.uid] }) };
}

/** The claims of a token that a Secret holds, which has neither an end nor an audience. */
const legacyIssuer = "kubernetes/serviceaccount";
const legacy = (what: string): string => `kubernetes.io/serviceaccount/${what}`;

export interface LegacyAccount {
  namespace: string;
  name: string;
  uid: string;
  secretName: string;
}

export function legacyPayload({ namespace, name, uid, secretName }: LegacyAccount): Record<string, string> {
  return {
    iss: legacyIssuer,
    [legacy("namespace")]: namespace,
    [legacy("secret.name")]: secretName,
    [legacy("service-account.name")]: name,
    [legacy("service-account.uid")]: uid,
    sub: subjectOf({ namespace, serviceaccount: { name } }),
  };
}

/** Undefined: not such a token's. */
export function legacyClaimsOf(payload: Record<string, unknown>): ServiceAccountClaims | undefined {
  const [namespace, secret, name, uid] = ["namespace", "secret.name", "service-account.name", "service-account.uid"].map((what) => payload[legacy(what)]);
  const isWhole = [namespace, secret, name, uid].every((value) => typeof value === "string" && value !== "");
  if (!isWhole || payload["iss"] !== legacyIssuer) return undefined;
  const claims = { namespace: String(namespace), serviceaccount: { name: String(name), uid: String(uid) }, secret: { name: String(secret) } };
  return payload["sub"] === subjectOf(claims) ? claims : undefined;
}
