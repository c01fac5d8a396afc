/**
 * Who may do what: the one gate, in the path of every request.
 *
 *     system:masters ──► everything
 *     probes' and an agent's own paths ──► allowed
 *     a node ──► ./node-authorizer.ts, then as everybody
 *     everybody ──► RBAC, on this isolate's copy of the rules; before a refusal, on the rules as they are now
 */
import type { Settings } from "../settings/settings.ts";
import type { Attributes, Decision, ResourceAttributes } from "./attributes.ts";
import { authorizeNode } from "./node-authorizer.ts";
import { authorizeByRules } from "./rbac/authorize.ts";
import { ruleIndexOf } from "./rbac/rule-index.ts";
import { isPrivileged, unauthenticatedGroup, type User } from "./user.ts";

export interface AuthorizerPorts {
  /** This isolate's copy, perhaps a second old. */
  settings(): Promise<Settings>;
  verifiedSettings(): Promise<Settings>;
  isBound(node: string, attributes: ResourceAttributes): Promise<boolean>;
}

/** Asks of anybody, for handlers that ask more than the path says. */
export type Authorize = (user: User, attributes: Attributes) => Promise<Decision>;

export const allowed: Decision = { isAllowed: true, reason: "" };

/** Decides what needs no rules; undefined where they have to be asked. Costs nothing for the admin. */
export function authorizeAtOnce(user: User, attributes: Attributes): Decision | undefined {
  if (isPrivileged(user)) return allowed;
  if (attributes.isResource) return undefined;
  const { verb, path } = attributes;
  if (verb === "get" && isPublic(path)) return allowed;
  if (user.node !== undefined && isOwnPath(user.node, verb, path)) return allowed;
  return isServed(path) ? undefined : { isAllowed: false, reason: "" };
}

export async function authorize(user: User, attributes: Attributes, ports: AuthorizerPorts): Promise<Decision> {
  const atOnce = authorizeAtOnce(user, attributes);
  if (atOnce !== undefined) return atOnce;
  const asNode = await authorizedAsNode(user, attributes, ports);
  if (asNode.isAllowed) return asNode;
  const byRules = authorizeByRules(ruleIndexOf(await ports.settings()), user, attributes);
  // Strangers ask for no grant that was made a moment ago, and must not cost a question each.
  if (byRules.isAllowed || user.groups.includes(unauthenticatedGroup)) return byRules;
  const { isAllowed, reason } = authorizeByRules(ruleIndexOf(await ports.verifiedSettings()), user, attributes);
  return { isAllowed, reason: isAllowed ? reason : [asNode.reason, reason].filter((one) => one !== "").join("\n") };
}

/**
 * By the settings alone, for whoever cannot wait. A node has what RBAC grants it and what needs no look at its pods: what
 * depends on them is refused.
 */
export function authorizeBySettings(settings: Settings, user: User, attributes: Attributes): Decision {
  const atOnce = authorizeAtOnce(user, attributes);
  if (atOnce !== undefined) return atOnce;
  const asNode = user.node === undefined || !attributes.isResource ? undefined : authorizeNode(user.node, attributes);
  if (asNode?.decision === "allow") return allowed;
  const byRules = authorizeByRules(ruleIndexOf(settings), user, attributes);
  return byRules.isAllowed ? byRules : { isAllowed: false, reason: [asNode?.reason ?? "", byRules.reason].filter((one) => one !== "").join("\n") };
}

async function authorizedAsNode({ node }: User, attributes: Attributes, { isBound }: AuthorizerPorts): Promise<Decision> {
  if (node === undefined || !attributes.isResource) return { isAllowed: false, reason: "" };
  const { decision, reason } = authorizeNode(node, attributes);
  return { isAllowed: decision === "allow" || (decision === "ifBound" && (await isBound(node, attributes))), reason };
}

/** What load balancers and probes ask for, whatever the rules say (kube-apiserver's --authorization-always-allow-paths). */
export function isPublic(path: string): boolean {
  return /^\/(livez|readyz|healthz)(\/|$)/.test(path);
}

function isOwnPath(node: string, verb: string, path: string): boolean {
  const isDiscovery = verb === "get" && /^\/(api|apis|openapi)(\/|$)/.test(path);
  return isDiscovery || path.startsWith(`/kedge/v1/nodes/${node}/`) || path.startsWith("/kedge/v1/sessions/");
}

/** What nothing serves is refused without a look at the rules: whoever scans the internet wakes no store. */
function isServed(path: string): boolean {
  return path === "/" || /^\/(api|apis|openapi|openid|\.well-known|version|metrics|kedge|logs|debug)(\/|$)/.test(path);
}
