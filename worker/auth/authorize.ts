/**
 * Who may do what: the one gate, in the path of every request. Admin: everything. A node: what its own pods and its
 * own Node need (upstream's node authorizer and NodeRestriction). Anonymous: the paths that probes ask for.
 */
import type { User } from "./user.ts";

export interface Attributes {
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
}

export interface PathAttributes {
  verb: string;
  path: string;
}

/** `ifBound`: allowed when a pod that is bound to the node is, or names, the object. */
export type Decision = "allow" | "deny" | "ifBound";

const publicPaths = new Set(["/healthz", "/livez", "/readyz", "/version"]);
const readVerbs = new Set(["get", "list", "watch"]);

export function authorize(user: User, request: Attributes): Decision {
  if (user.groups.includes("system:masters")) return "allow";
  return user.node === undefined ? "deny" : authorizeNode(user.node, request);
}

export function authorizePath(user: User, { verb, path }: PathAttributes): boolean {
  if (user.groups.includes("system:masters")) return true;
  if (verb === "get" && isPublic(path)) return true;
  if (user.node === undefined) return false;
  const own = `/kedge/v1/nodes/${user.node}/`;
  return isDiscovery(verb, path) || path.startsWith(own) || path.startsWith("/kedge/v1/sessions/");
}

export function isPublic(path: string): boolean {
  return publicPaths.has(path.replace(/\/$/, "")) || /^\/(livez|readyz|healthz)\//.test(path);
}

/** The refusal in upstream's words, without its `… is forbidden: `. */
export function denialOf(user: User, request: Attributes): string {
  const { verb, group, resource, subresource, namespace } = request;
  const what = subresource === "" ? resource : `${resource}/${subresource}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`;
}

function isDiscovery(verb: string, path: string): boolean {
  return verb === "get" && /^\/(api|apis|openapi)(\/|$)/.test(path);
}

function authorizeNode(node: string, request: Attributes): Decision {
  const { verb, group, resource, subresource, namespace, name } = request;
  const id = `${group}/${resource}${subresource === "" ? "" : `/${subresource}`}`;
  const isOwn = name === node;
  switch (id) {
    case "/nodes":
      return isOwn && ["get", "update", "patch"].includes(verb) ? "allow" : "deny";
    case "/nodes/status":
      return isOwn && ["get", "update", "patch"].includes(verb) ? "allow" : "deny";
    case "/pods":
      return name !== "" && (verb === "get" || verb === "delete") ? "ifBound" : "deny";
    case "/pods/status":
      return ["get", "update", "patch"].includes(verb) ? "ifBound" : "deny";
    case "/secrets":
    case "/configmaps":
      return verb === "get" && name !== "" ? "ifBound" : "deny";
    case "/services":
    case "discovery.k8s.io/endpointslices":
      return readVerbs.has(verb) ? "allow" : "deny";
    case "/events":
    case "events.k8s.io/events":
      return ["create", "update", "patch"].includes(verb) ? "allow" : "deny";
    case "coordination.k8s.io/leases":
      return isOwn && namespace === "kube-node-lease" && verb !== "deletecollection" ? "allow" : "deny";
    default:
      return "deny";
  }
}
