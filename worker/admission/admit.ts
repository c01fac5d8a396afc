/**
 * Admission with what a cluster has configured, in kube-apiserver's order (../registry/admission/chain.ts): plugins that
 * mutate, policies and webhooks that mutate; plugins that validate, policies, webhooks that validate. Where nothing that
 * is configured concerns a request, this is the planner alone.
 */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { Operation } from "../registry/admission/plugin.ts";
import type { DeleteOptions, Planned, Planner } from "../registry/registry.ts";
import type { RequestContext, Resource } from "../resources/resource.ts";
import { objectMemory } from "../settings/object-memory.ts";
import type { Settings } from "../settings/settings.ts";
import type { Store } from "../storage/store.ts";
import { mutate } from "../registry/admission/chain.ts";
import { lookUp } from "../registry/admission/look-up.ts";
import { withLookups } from "../registry/lookups.ts";
import { rejectUncompilable } from "./expression-errors.ts";
import { concernedMutations, MutatingPolicies, type Mutation } from "./mutating-policies.ts";
import { mutateInTurn, type Mutated, type Stage } from "./mutators.ts";
import type { VersionedObjects } from "../conversion/versioned-objects.ts";
import type { Review, ReviewedKind } from "./request.ts";
import { concernedValidations, enforcePolicies, type Validation } from "./validating-policies.ts";
import { concernedWebhooks, MutatingWebhooks, validateByWebhooks, type Concerned } from "./webhooks.ts";

export interface AdmissionPorts {
  planner: Planner;
  store: Pick<Store, "getMany" | "list">;
  /** The settings as they are now. */
  verified(): Promise<Settings>;
  isDryRun: boolean;
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowed: string;
  /** Of a custom kind with several versions: what plans an update is run through it. */
  versioned?: Pick<VersionedObjects, "settled">;
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
  const planned = planner.finishCreate(resource, mutated.object, reviewers.context);
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
  const { planner, versioned } = ports;
  const { resource, current: old, next: object, subresource, context } = update;
  const settled = <T>(work: () => T): T | Promise<T> => (versioned === undefined ? work() : versioned.settled(work));
  const more = { ...(as === undefined ? {} : { as }), ...(shown === undefined ? {} : { shown }) };
  await rejectUncompilable(resource, object);
  // A bound pod was reviewed as the create of a Binding.
  if (subresource === "binding") return planner.update(update);
  const reviewers = reviewersOf({ ...reviewOf({ operation: "UPDATE", resource, subresource, object, old, context }, ports), ...more }, ports);
  if (reviewers === undefined) return await settled(() => planner.update(update));
  planner.beginUpdate(update);
  const mutated = await reviewers.mutate(object);
  const next = mutated.object;
  if (next !== object) planner.applyDefaults(resource, next);
  const planned = await settled(() => planner.finishUpdate({ ...update, next, context: reviewers.context }));
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

interface AllConcerned {
  webhooks: Concerned;
  mutations: Mutation[];
  validations: Validation[];
}

/** Undefined: nobody is concerned. Found by the rules alone, and from what is derived of the settings once. */
function reviewersOf(review: Review, ports: AdmissionPorts): Reviewers | undefined {
  const { settings } = review.context;
  const webhooks = concernedWebhooks(settings, review);
  const mutations = concernedMutations(settings, review);
  const validations = concernedValidations(settings, review);
  const isConcerned = webhooks.mutating.length + webhooks.validating.length + mutations.length + validations.length > 0;
  return isConcerned ? new Reviewers(review, { webhooks, mutations, validations }, ports) : undefined;
}

class Reviewers {
  #review: Review;
  #verified: Promise<Settings> | undefined;
  readonly #concerned: AllConcerned;
  readonly #ports: AdmissionPorts;

  constructor(review: Review, concerned: AllConcerned, ports: AdmissionPorts) {
    this.#review = review;
    this.#concerned = concerned;
    this.#ports = ports;
  }

  /** With what the object needs that it was made into. */
  get context(): RequestContext {
    return this.#review.context;
  }

  async mutate(object: KubernetesObject): Promise<Mutated> {
    const { webhooks: { mutating }, mutations } = this.#concerned;
    if (mutating.length + mutations.length === 0) return { object, warnings: [] };
    const namespace = await this.#namespace();
    const { store, allowed, planner } = this.#ports;
    const verified = () => this.#verifiedOnce();
    const review = this.#of(object);
    const applyDefaults = (changed: KubernetesObject) => planner.applyDefaults(review.resource, changed);
    const stages: Stage[] = [
      new MutatingPolicies(mutations, review, { store, namespace, verified, applyDefaults }),
      new MutatingWebhooks(mutating, review, { namespace, allowed, verified }),
    ];
    return await mutateInTurn(stages, object, (changed) => this.#again(changed));
  }

  async validate(object: KubernetesObject): Promise<string[]> {
    const { webhooks: { validating }, validations } = this.#concerned;
    const namespace = await this.#namespace();
    const { store, allowed } = this.#ports;
    const verified = () => this.#verifiedOnce();
    const warnings = await enforcePolicies(validations, this.#of(object), { store, namespace, verified });
    return [...warnings, ...(await validateByWebhooks(validating, this.#of(object), { namespace, allowed, verified }))];
  }

  /** The built-in plugins on an object that was changed after them: what was added gets its defaults, limits, token. */
  async #again(changed: KubernetesObject): Promise<KubernetesObject> {
    if (this.#review.as !== undefined) return changed;
    const object = structuredClone(changed);
    const { store, planner } = this.#ports;
    const verified = () => this.#verifiedOnce();
    planner.applyDefaults(this.#review.resource, object);
    const { context, ...asked } = this.#of(object);
    this.#review = { ...this.#review, context: await withLookups([asked], context, { store, verified, memory: objectMemory }) };
    mutate(this.#of(object));
    return object;
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
    return lookUp(context, key) ?? lookUp({ ...context, settings: await this.#verifiedOnce() }, key);
  }

  /** However many ask: one question for a request. */
  #verifiedOnce(): Promise<Settings> {
    this.#verified ??= this.#ports.verified();
    return this.#verified;
  }
}
