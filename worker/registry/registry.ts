/**
 * The one write path (Kubernetes' registry/rest): an object goes default → prepare → validate → admit → operation,
 * for the API, the controllers, the scheduler and the agents alike. Planning is pure; only the shell writes.
 *
 * A plan is refused by throwing a StatusError; a committed operation's refusal comes back as a WriteResult and
 * becomes the same StatusError through `refusalOf`.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import type { Claim, WriteOperation } from "../storage/store.ts";

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
}

export interface Planned {
  operation: WriteOperation;
  /** The object as it will be stored; its resourceVersion is the result's. */
  object: KubernetesObject;
  warnings: string[];
  /** Claims whose value the planner picked: if the store says `claimed`, plan again, another pick may be free. */
  picked: Claim[];
}

export interface UpdateOptions {
  resource: Resource;
  current: Stored<KubernetesObject>;
  next: KubernetesObject;
  subresource?: string;
  context: RequestContext;
}

export interface Planner {
  create(resource: Resource, object: KubernetesObject, context: RequestContext): Planned;
  /** Undefined: nothing changed, nothing is to be written. `subresource`: `status`, `scale`, `binding`, … */
  update(options: UpdateOptions): Planned | undefined;
  /**
   * The halves of `create` and `update`, for whoever lets others change the object between them: then its defaults are
   * applied again. All change the object that they are given.
   */
  beginCreate(resource: Resource, object: KubernetesObject, context: RequestContext): void;
  finishCreate(resource: Resource, object: KubernetesObject, context: RequestContext): Planned;
  beginUpdate(options: UpdateOptions): void;
  finishUpdate(options: UpdateOptions): Planned | undefined;
  applyDefaults(resource: Resource, object: KubernetesObject): void;
  /** A first delete may only mark (grace, finalizers); a pod's last one, by its agent, removes. */
  delete(options: {
    resource: Resource;
    current: Stored<KubernetesObject>;
    options: DeleteOptions;
    context: RequestContext;
  }): Planned | undefined;
}
