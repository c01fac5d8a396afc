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

export const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };
export const admin: User = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

export function nodeUser(node: string, session: number): User {
  return { name: `system:node:${node}`, groups: ["system:nodes", "system:authenticated"], node, session };
}
