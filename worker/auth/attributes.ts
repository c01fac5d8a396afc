/** What somebody wants to do, in the words that authorization decides by. */
import { StatusError } from "../../protocol/status.ts";
import type { FieldRequirement, LabelRequirement } from "../../protocol/selectors.ts";
import type { User } from "./user.ts";

export interface ResourceAttributes {
  isResource: true;
  verb: string;
  group: string;
  version?: string;
  /** Plural. */
  resource: string;
  subresource: string;
  /** `""`: cluster-scoped, or all namespaces. */
  namespace: string;
  /** `""`: any, or not known yet. */
  name: string;
  /** What a list or a watch is limited to. */
  fields?: FieldRequirement[];
  labels?: LabelRequirement[];
}

export interface PathAttributes {
  isResource: false;
  verb: string;
  path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

/** `reason` is for the log and for reviews where it was allowed, for the client too where it was not. */
export interface Decision {
  isAllowed: boolean;
  reason: string;
}

/** Attributes of a resource with everything left out that is not said. */
export function onResource(attributes: Pick<ResourceAttributes, "verb" | "group" | "resource"> & Partial<ResourceAttributes>): ResourceAttributes {
  return { isResource: true, subresource: "", namespace: "", name: "", ...attributes };
}

/** `pods`, `pods/log` */
export function fullResource({ resource, subresource }: Pick<ResourceAttributes, "resource" | "subresource">): string {
  return subresource === "" ? resource : `${resource}/${subresource}`;
}

/** The refusal in the words of apiserver's `responsewriters/errors.go`. */
export function denied(user: Pick<User, "name">, attributes: Attributes, reason = ""): StatusError {
  const message = denialOf(user, attributes);
  const about = attributes.isResource
    ? { group: attributes.group, kind: attributes.resource, name: attributes.name }
    : { group: "", kind: "" };
  return StatusError.forbidden(about, reason === "" ? message : `${message}: ${reason}`);
}

function denialOf(user: Pick<User, "name">, attributes: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;
  if (!attributes.isResource) return `${who} path ${JSON.stringify(attributes.path)}`;
  const { group, namespace } = attributes;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return `${who} resource "${fullResource(attributes)}" in API group "${group}" ${where}`;
}
