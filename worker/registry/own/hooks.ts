/**
 * What the registry itself decides about two kinds, beyond a kind's own strategy: a Service's addresses, a namespace's
 * two-step end. Pure; a refusal is thrown as a StatusError.
 */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import type { RequestContext } from "../../resources/resource.ts";
import type { Claim } from "../../storage/store.ts";

/** Claims whose value was picked here: if one is taken, another pick may succeed. */
export interface Allocated {
  picked: Claim[];
}

export interface Hooks {
  /** `services`, `deployments.apps` */
  resource: string;
  /** Mutates. Runs after admission's mutating half and the kind's own preparation, before validation. */
  create?(object: KubernetesObject, context: RequestContext): Allocated | undefined;
  update?(options: HookedUpdate): Allocated | undefined;
  delete?(current: Stored<KubernetesObject>): void;
  /** Mutates an object that is about to be marked as being deleted. */
  markDeleted?(object: KubernetesObject): void;
  /** True: the object stays although its metadata carries no finalizer. */
  holds?(object: KubernetesObject): boolean;
}

export interface HookedUpdate {
  next: KubernetesObject;
  previous: Stored<KubernetesObject>;
  subresource: string | undefined;
  context: RequestContext;
}
