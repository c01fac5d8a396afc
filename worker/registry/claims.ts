/** What an object holds that no other may hold, as the store's claims. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import type { Resource } from "../resources/resource.ts";
import type { Claim } from "../storage/store.ts";
import { serviceClaims } from "./own/services.ts";

export function claimsOf(resource: Resource, object: KubernetesObject): Claim[] {
  if (resource.claims !== undefined) return resource.claims(object);
  return resource.group === "" && resource.plural === "services" ? serviceClaims(object) : [];
}

/** Those of `left` that are not in `right`. */
export function claimsWithout(left: Claim[], right: Claim[]): Claim[] {
  const known = new Set(right.map(({ kind, value }) => `${kind} ${value}`));
  return left.filter(({ kind, value }) => !known.has(`${kind} ${value}`));
}
