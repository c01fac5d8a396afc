/** What a request asks for, as authorization sees it: upstream's RequestInfo has two words more than handlers need. */
import { parseFieldSelector } from "../../protocol/selectors.ts";
import { parseLabelSelector } from "../resources/parse-label-selector.ts";
import type { Attributes, ResourceAttributes } from "../auth/attributes.ts";
import { isConnect, type RequestInfo, type ResourceRequest } from "./request-info.ts";

/** Everything that has to be allowed, in this order. */
export function attributesOf(info: RequestInfo, query: URLSearchParams): Attributes[] {
  if (!info.isResource) return [info];
  const attributes = resourceAttributes(info, query);
  // A WebSocket begins with a GET. Since 1.35 who may only read may not open one (KEP-4006).
  return isConnect(info) && info.verb === "get" ? [attributes, { ...attributes, verb: "create" }] : [attributes];
}

function resourceAttributes(info: ResourceRequest, query: URLSearchParams): ResourceAttributes {
  const namespace = isNamespaceItself(info) ? info.name : info.namespace;
  if (info.verb !== "list" && info.verb !== "watch" && info.verb !== "deletecollection") return { ...info, namespace };
  const fields = requirementsOf(parseFieldSelector, query.get("fieldSelector"));
  const labels = requirementsOf(parseLabelSelector, query.get("labelSelector"));
  const named = fields.find(({ field, operator }) => field === "metadata.name" && operator === "=");
  // A list of the one object of a name is a request for that name.
  const name = info.name === "" && info.verb !== "deletecollection" ? (named?.value ?? "") : info.name;
  return { ...info, namespace, name, fields, labels };
}

/** A namespace's own rules may allow to read it. */
function isNamespaceItself({ group, resource, name }: ResourceRequest): boolean {
  return group === "" && resource === "namespaces" && name !== "";
}

type Parsed<T> = { ok: true; requirements: T[] } | { ok: false };

/** What does not parse limits nothing here, and is refused by the handler. */
function requirementsOf<T>(parse: (text: string) => Parsed<T>, text: string | null): T[] {
  const parsed = parse(text ?? "");
  return parsed.ok ? parsed.requirements : [];
}
