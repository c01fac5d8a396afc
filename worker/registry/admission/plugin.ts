/**
 * Admission's built-in plugins, as kube-apiserver's: each a small pure file, in the order of ./chain.ts. They look at
 * the request, at the settings, and at what was looked up before planning (../lookups.ts); nothing else.
 */
import type { KubernetesObject, Stored } from "../../../protocol/kubernetes/object.ts";
import type { RequestContext, Resource } from "../../resources/resource.ts";
import type { ObjectKey, Requirement } from "../../storage/store.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/** What is asked, as plugins, policies and webhooks see it. */
export interface Attributes {
  operation: Operation;
  /** As it is stored. */
  resource: Resource;
  /** `""`: the object itself. */
  subresource: string;
  /** What is to be stored; of a delete, what goes. */
  object: KubernetesObject;
  /** What is stored; absent for a create. */
  old?: Stored<KubernetesObject>;
  context: RequestContext;
}

export interface Plugin {
  /** Upstream's. */
  name: string;
  /** Keys of the resources that it has something to say about; `*`: all. */
  resources: readonly string[];
  /** What it looks at beyond the request. */
  needs?(attributes: Attributes): ObjectKey[];
  /** Changes the object, before it is prepared and validated. A refusal is thrown as a StatusError. */
  mutate?(attributes: Attributes): void;
  /** Refuses what will be stored, by throwing; returns warnings. */
  validate?(attributes: Attributes): string[];
  /** What must hold when it is written; one that names a revision was looked up, and is looked up anew if it changed. */
  requires?(attributes: Attributes): Requirement[];
}
