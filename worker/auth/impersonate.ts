/** `kubectl --as`: who somebody wants to be, and what they must be allowed for it (apiserver's filters/impersonation.go). */
import { StatusError } from "../../protocol/status.ts";
import { onResource, type ResourceAttributes } from "./attributes.ts";
import { serviceAccountGroups, splitServiceAccount } from "./service-account-names.ts";
import { anonymous, authenticatedGroup, namedUser, unauthenticatedGroup, type User } from "./user.ts";

export interface Impersonation {
  user: User;
  /** Each must be allowed, in this order. */
  needs: ResourceAttributes[];
}

const extraPrefix = "impersonate-extra-";
const authenticationGroup = "authentication.k8s.io";

const prefix = "impersonate-";

/** Undefined: nobody is impersonated. */
export function impersonationOf(headers: Headers): Impersonation | undefined {
  for (const name of headers.keys()) if (name.startsWith(prefix)) return requested(headers);
  return undefined;
}

function requested(headers: Headers): Impersonation | undefined {
  const name = headers.get("impersonate-user") ?? "";
  const uid = headers.get("impersonate-uid") ?? "";
  const groups = valuesOf(headers.get("impersonate-group"));
  const extra = extraOf(headers);
  const extras = Object.entries(extra).flatMap(([key, values]) => values.map((value) => ({ key, value })));
  if (name === "") {
    // As Go shows references: kind, namespace, name, uid, version, resource version, path.
    const parts = [
      ...groups.map((group) => `{Group  ${group}    }`),
      ...extras.map(({ key, value }) => `{UserExtra  ${value}  ${authenticationGroup}/v1  ${key}}`),
      ...(uid === "" ? [] : [`{UID  ${uid}  ${authenticationGroup}/v1  }`]),
    ];
    if (parts.length === 0) return undefined;
    throw StatusError.internal(`requested [${parts.join(" ")}] without impersonating a user`);
  }
  const needs = [
    nameNeed(name),
    ...groups.map((group) => need({ group: "", resource: "groups", name: group })),
    ...extras.map(({ key, value }) => need({ group: authenticationGroup, resource: "userextras", subresource: key, name: value })),
    ...(uid === "" ? [] : [need({ group: authenticationGroup, resource: "uids", name: uid })]),
  ];
  const user = { name, groups: withStanding(name, groups.length > 0 ? groups : ownGroups(name)) };
  return {
    user: namedUser({ ...user, ...(uid === "" ? {} : { uid }), ...(extras.length === 0 ? {} : { extra }) }),
    needs,
  };
}

type Need = Pick<ResourceAttributes, "group" | "resource"> & Partial<ResourceAttributes>;

function need(attributes: Need): ResourceAttributes {
  return onResource({ verb: "impersonate", ...attributes });
}

function nameNeed(username: string): ResourceAttributes {
  const account = splitServiceAccount(username);
  return account === undefined
    ? need({ group: "", resource: "users", name: username })
    : need({ group: "", resource: "serviceaccounts", ...account });
}

/** A ServiceAccount's groups follow from its name. */
function ownGroups(username: string): string[] {
  const account = splitServiceAccount(username);
  return account === undefined ? [] : serviceAccountGroups(account.namespace);
}

function withStanding(username: string, groups: string[]): string[] {
  const isAnonymous = username === anonymous.name;
  const standing = isAnonymous ? unauthenticatedGroup : authenticatedGroup;
  const isSaid = groups.includes(standing) || (!isAnonymous && groups.includes(unauthenticatedGroup));
  return isSaid ? groups : [...groups, standing];
}

/** Repeated headers arrive joined by a comma and a space: only a name that holds both is taken for two. */
function valuesOf(header: string | null): string[] {
  return (header ?? "").split(", ").filter((value) => value !== "");
}

/** Keys are written percent-encoded where a header's name cannot hold them. */
function extraOf(headers: Headers): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    if (name.startsWith(extraPrefix)) extra[decoded(name.slice(extraPrefix.length))] = valuesOf(value);
  }
  return extra;
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
