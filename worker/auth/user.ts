/** Who asks. */
export interface User {
  name: string;
  groups: string[];
  /** Of whom the API itself has an object: its uid. */
  uid?: string;
  /** What else is known of them, as `authentication.kubernetes.io/pod-name`. */
  extra?: Record<string, string[]>;
  /** The host that an agent speaks for. */
  node?: string;
  /** The agent's session number, which fences off a cloned agent. */
  session?: number;
}

export const authenticatedGroup = "system:authenticated";
export const unauthenticatedGroup = "system:unauthenticated";
/** Its members may everything, and no rule is looked at for them. */
const privilegedGroup = "system:masters";

export const anonymous: User = { name: "system:anonymous", groups: [unauthenticatedGroup] };
export const admin: User = { name: "kubernetes-admin", groups: [privilegedGroup, authenticatedGroup] };

export function nodeUser(node: string, session: number): User {
  return { name: `${nodePrefix}${node}`, groups: ["system:nodes", authenticatedGroup], node, session };
}

const nodePrefix = "system:node:";

/** A user that is only known by what it is called: one that is impersonated, or that a review asks about. */
export function namedUser(user: Pick<User, "name" | "groups" | "uid" | "extra">): User {
  const isNode = user.groups.includes("system:nodes") && user.name.startsWith(nodePrefix);
  return { ...user, ...(isNode ? { node: user.name.slice(nodePrefix.length) } : {}) };
}

export function isPrivileged({ groups }: Pick<User, "groups">): boolean {
  return groups.includes(privilegedGroup);
}
