/**
 * Admission with what a cluster has configured, in kube-apiserver's order (../registry/admission/chain.ts): plugins that
 * mutate, webhooks that mutate; plugins that validate, policies, webhooks that validate. Where nothing that is configured
 * concerns a request, this is the planner alone.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { Operation } from "../registry/admission/plugin.ts";
import type { DeleteOptions, Planned, Planner } from "../registry/registry.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import type { Settings } from "../settings/settings.ts";
import type { Store } from "../storage/store.ts";
import { lookUp } from "../registry/admission/look-up.ts";
import { rejectUncompilable } from "./expression-errors.ts";
import { concernedPolicies, enforcePolicies, type Bound } from "./policies.ts";
import type { Review, ReviewedKind } from "./request.ts";
import { concernedWebhooks, mutateByWebhooks, validateByWebhooks, type Concerned, type Mutated } from "./webhooks.ts";

export interface AdmissionPorts {
  planner: Planner;
  store: Pick<Store, "getMany" | "list">;
  /** The settings as they are now. */
  verified(): Promise<Settings>;
  isDryRun: boolean;
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowed: string;
}

export interface Create {
  resource: Resource;
  object: KubernetesObject;
  context: RequestContext;
}

/** `object` is changed into what will be stored, or another stands in for it. */
export async function admitCreate({ resource, object, context }: Create, ports: AdmissionPorts): Promise<Planned> {
  const { planner } = ports;
  await rejectUncompilable(resource, object);
  const reviewers = reviewersOf(reviewOf({ operation: "CREATE", resource, object, context }, ports), ports);
  if (reviewers === undefined) return planner.create(resource, object, context);
  planner.beginCreate(resource, object, context);
  const mutated = await reviewers.mutate(object);
  if (mutated.object !== object) planner.applyDefaults(resource, mutated.object);
  const planned = planner.finishCreate(resource, mutated.object, context);
  return told(planned, mutated.warnings, await reviewers.validate(planned.object));
}

export interface Update {
  resource: Resource;
  current: Stored<KubernetesObject>;
  next: KubernetesObject;
  subresource?: string;
  context: RequestContext;
  /** How reviewers see it. */
  as?: ReviewedKind;
  shown?: (object: KubernetesObject) => KubernetesObject;
}

/** Undefined: nothing changed. */
export async function admitUpdate({ as, shown, ...update }: Update, ports: AdmissionPorts): Promise<Planned | undefined> {
  const { planner } = ports;
  const { resource, current: old, next: object, subresource, context } = update;
  const more = { ...(as === undefined ? {} : { as }), ...(shown === undefined ? {} : { shown }) };
  await rejectUncompilable(resource, object);
  // A bound pod was reviewed as the create of a Binding.
  if (subresource === "binding") return planner.update(update);
  const reviewers = reviewersOf({ ...reviewOf({ operation: "UPDATE", resource, subresource, object, old, context }, ports), ...more }, ports);
  if (reviewers === undefined) return planner.update(update);
  planner.beginUpdate(update);
  const mutated = await reviewers.mutate(object);
  const next = mutated.object;
  if (next !== object) planner.applyDefaults(resource, next);
  const planned = planner.finishUpdate({ ...update, next });
  const warnings = await reviewers.validate(next);
  return planned && told(planned, mutated.warnings, warnings);
}

export interface Delete {
  resource: Resource;
  current: Stored<KubernetesObject>;
  options: DeleteOptions;
  context: RequestContext;
}

/** Undefined: it is being deleted already. */
export async function admitDelete(deletion: Delete, ports: AdmissionPorts): Promise<Planned | undefined> {
  const { resource, current, context } = deletion;
  const reviewers = reviewersOf(reviewOf({ operation: "DELETE", resource, object: current, old: current, context }, ports), ports);
  const planned = ports.planner.delete(deletion);
  if (reviewers === undefined || planned === undefined) return planned;
  return told(planned, await reviewers.review(current));
}

export interface Connection extends Create {
  operation: Operation;
  subresource: string;
  as: ReviewedKind;
}

/** What is not stored but asked of an object: exec, attach, port-forward, eviction, binding. Returns warnings. */
export async function admitConnection(connection: Connection, ports: AdmissionPorts): Promise<string[]> {
  const review = { ...reviewOf(connection, ports), as: connection.as };
  return (await reviewersOf(review, ports)?.review(connection.object)) ?? [];
}

function told(planned: Planned, ...warnings: string[][]): Planned {
  return { ...planned, warnings: [...planned.warnings, ...warnings.flat()] };
}

interface Asked extends Create {
  operation: Operation;
  subresource?: string | undefined;
  old?: Stored<KubernetesObject>;
}

function reviewOf({ operation, resource, subresource = "", object, old, context }: Asked, { isDryRun }: AdmissionPorts): Review {
  return { operation, resource, subresource, object, ...(old === undefined ? {} : { old }), context, isDryRun };
}

/** Undefined: nobody is concerned. Found by the rules alone, and from what is derived of the settings once. */
function reviewersOf(review: Review, ports: AdmissionPorts): Reviewers | undefined {
  const { settings } = review.context;
  const webhooks = concernedWebhooks(settings, review);
  const policies = concernedPolicies(settings, review);
  const isConcerned = webhooks.mutating.length + webhooks.validating.length + policies.length > 0;
  return isConcerned ? new Reviewers(review, { webhooks, policies }, ports) : undefined;
}

class Reviewers {
  readonly #review: Review;
  readonly #concerned: { webhooks: Concerned; policies: Bound[] };
  readonly #ports: AdmissionPorts;

  constructor(review: Review, concerned: { webhooks: Concerned; policies: Bound[] }, ports: AdmissionPorts) {
    this.#review = review;
    this.#concerned = concerned;
    this.#ports = ports;
  }

  async mutate(object: KubernetesObject): Promise<Mutated> {
    const { mutating } = this.#concerned.webhooks;
    if (mutating.length === 0) return { object, warnings: [] };
    return await mutateByWebhooks(mutating, this.#of(object), { namespace: await this.#namespace(), allowed: this.#ports.allowed });
  }

  async validate(object: KubernetesObject): Promise<string[]> {
    const { webhooks: { validating }, policies } = this.#concerned;
    const namespace = await this.#namespace();
    const { store, allowed } = this.#ports;
    const warnings = await enforcePolicies(policies, this.#of(object), { store, namespace });
    return [...warnings, ...(await validateByWebhooks(validating, this.#of(object), { namespace, allowed }))];
  }

  /** Where nothing can be changed. */
  async review(object: KubernetesObject): Promise<string[]> {
    return [...(await this.mutate(object)).warnings, ...(await this.validate(object))];
  }

  #of(object: KubernetesObject): Review {
    return { ...this.#review, object };
  }

  /** One that the copy of the settings lacks may have been made a moment ago. */
  async #namespace(): Promise<KubernetesObject | undefined> {
    const { resource, object, context } = this.#review;
    const name = object.metadata?.namespace;
    if (!resource.isNamespaced || name === undefined) return undefined;
    const key = `namespaces//${name}`;
    return lookUp(context, key) ?? lookUp({ ...context, settings: await this.#ports.verified() }, key);
  }
}
