/** What a path asks for, read as upstream's RequestInfo: the words that authorization and handlers decide by. */

/** `other` is served by nothing. */
export type Verb = ServedVerb | "other";
export type ServedVerb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

export interface ResourceRequest {
  isResource: true;
  verb: Verb;
  group: string;
  version: string;
  /** `""`: cluster-scoped, or all namespaces. */
  namespace: string;
  /** Plural. */
  resource: string;
  /** `""`: the collection. */
  name: string;
  subresource: string;
}

export interface PathRequest {
  isResource: false;
  verb: string;
  path: string;
}

export type RequestInfo = ResourceRequest | PathRequest;

/** `path` is still percent-encoded; `isWatch` is the query's `watch`. */
export function requestInfoOf(method: string, path: string, isWatch: boolean): RequestInfo {
  const parts = path.split("/").filter((part) => part !== "");
  const [root] = parts;
  if (root === "api" && parts.length > 2) return resourceInfo("", parts[1] ?? "", parts.slice(2), method, isWatch);
  if (root === "apis" && parts.length > 3) {
    return resourceInfo(parts[1] ?? "", parts[2] ?? "", parts.slice(3), method, isWatch);
  }
  return { isResource: false, verb: method.toLowerCase(), path };
}

function resourceInfo(group: string, version: string, all: string[], method: string, asksWatch: boolean): RequestInfo {
  // The old way to watch, deprecated since 1.0 and served to this day; a watch of one object goes this way only.
  const isOldWatch = all[0] === "watch" && all.length > 1;
  const parts = isOldWatch ? all.slice(1) : all;
  const inNamespace = parts[0] === "namespaces" && parts.length > 2 && !isNamespaceSubresource(parts);
  const namespace = inNamespace ? decode(parts[1]) : "";
  const [resource = "", name = "", ...rest] = inNamespace ? parts.slice(2) : parts;
  const at = { group, version, namespace, resource, name: decode(name), subresource: rest.map(decode).join("/") };
  const verb = verbOf(method, at.name !== "");
  const isWatch = verb === "list" ? isOldWatch || asksWatch : verb === "get" && isOldWatch;
  return { isResource: true, verb: isWatch ? "watch" : verb, ...at };
}

const connects = new Set(["exec", "attach", "portforward"]);

/** Opens a stream into a pod. */
export function isConnect({ group, resource, subresource }: ResourceRequest): boolean {
  return group === "" && resource === "pods" && connects.has(subresource);
}

/** `namespaces/x/status` and `…/finalize` are about the namespace; anything else is in it. */
function isNamespaceSubresource(parts: string[]): boolean {
  return parts.length === 3 && (parts[2] === "status" || parts[2] === "finalize");
}

function verbOf(method: string, hasName: boolean): Verb {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return hasName ? "delete" : "deletecollection";
    case "GET":
    case "HEAD":
      return hasName ? "get" : "list";
    default:
      return "other";
  }
}

function decode(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? "");
  } catch {
    return part ?? "";
  }
}
