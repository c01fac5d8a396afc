/**
 * What the API server itself decides about some kinds, beyond a kind's own strategy: upstream's admission plugins
 * and the registry's allocators. Pure; a refusal is thrown as a StatusError.
 */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import type { RequestContext } from "../../resources/resource.ts";
import type { Claim } from "../../storage/store.ts";

/** Claims whose value was picked here: if one is taken, another pick may succeed. */
export interface Admitted {
  picked: Claim[];
}

export interface Admission {
  /** `services`, `deployments.apps` */
  resource: string;
  /** Mutates. Runs after defaulting and the kind's own preparation, before validation. */
  create?(object: KubernetesObject, context: RequestContext): Admitted | undefined;
  update?(options: AdmitUpdate): Admitted | undefined;
  delete?(current: Stored<KubernetesObject>): void;
  /** Mutates an object that is about to be marked as being deleted. */
  markDeleted?(object: KubernetesObject): void;
  /** True: the object stays although its metadata carries no finalizer. */
  holds?(object: KubernetesObject): boolean;
}

export interface AdmitUpdate {
  next: KubernetesObject;
  previous: Stored<KubernetesObject>;
  subresource: string | undefined;
  context: RequestContext;
}
