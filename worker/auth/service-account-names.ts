/** What a ServiceAccount is called as a user (k8s.io/apiserver/pkg/authentication/serviceaccount). */
const prefix = "system:serviceaccount:";

export function serviceAccountUsername(namespace: string, name: string): string {
  return `${prefix}${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

/** Undefined: the user is none. */
export function splitServiceAccount(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(prefix)) return undefined;
  const [namespace = "", name = "", ...rest] = username.slice(prefix.length).split(":");
  const isOne = rest.length === 0 && isName(namespace, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/) && isName(name, /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/);
  return isOne ? { namespace, name } : undefined;
}

function isName(text: string, pattern: RegExp): boolean {
  return text.length <= 253 && pattern.test(text);
}
