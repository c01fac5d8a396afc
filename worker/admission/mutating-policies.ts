/**
 * MutatingAdmissionPolicies: what their bindings make of an object.
 * https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
 */
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { StatusError } from "../../protocol/status.ts";
import type { Settings } from "../settings/settings.ts";
import { asksAuthorizer } from "./authorizer.ts";
import { boundPolicies, concernedBy, isSelectedBy, type Bound } from "./bound-policies.ts";
import { conditionsMet, Expressions } from "./expressions.ts";
import type { Mutator, Stage } from "./mutators.ts";
import { applyMutation } from "./mutation.ts";
import { paramsOf, type ParamStore } from "./params.ts";
import type { Review } from "./request.ts";

export type Mutation = Bound<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;

const all = boundPolicies<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>(
  "mutatingadmissionpolicies.admissionregistration.k8s.io",
  "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
);

/** Nothing of what goes can be changed, nor what is asked of an object without being a part of it. */
export function concernedMutations(settings: Settings, review: Review): Mutation[] {
  return review.operation === "DELETE" || review.as !== undefined ? [] : concernedBy(all(settings), review);
}

export interface MutationPorts {
  store: ParamStore;
  namespace: KubernetesObject | undefined;
  /** The settings as they are now. */
  verified(): Promise<Settings>;
  /** Mutates. */
  applyDefaults(object: KubernetesObject): void;
}

interface Failure {
  message: string;
  reason: "Forbidden" | "Invalid";
}

/** All are evaluated before the first failure is the answer, as upstream. */
export class MutatingPolicies implements Stage {
  readonly #bound: Mutation[];
  readonly #review: Review;
  readonly #ports: MutationPorts;
  readonly #failures: Failure[] = [];

  constructor(bound: Mutation[], review: Review, ports: MutationPorts) {
    this.#bound = bound;
    this.#review = review;
    this.#ports = ports;
  }

  /** Selectors look at the object as it comes to the policies; conditions, as it is when it is their turn. */
  async mutators(object: KubernetesObject): Promise<Mutator[]> {
    const review: Review = { ...this.#review, object };
    const selected = this.#bound.filter((one) => isSelectedBy(one, review, this.#ports.namespace));
    return (await Promise.all(selected.map((one) => this.#mutatorsOf(one, review)))).flat();
  }

  settle(): void {
    const [first] = this.#failures;
    if (first === undefined) return;
    const { resource, object, old } = this.#review;
    const about = { group: resource.group, kind: resource.plural, name: object.metadata?.name ?? old?.metadata.name ?? "" };
    const { details } = StatusError.forbidden(about, "", this.#failures.map(({ message }) => ({ message }))).status;
    throw new StatusError({ code: 403, reason: first.reason, message: first.message, ...(details === undefined ? {} : { details }) });
  }

  async #mutatorsOf(one: Mutation, review: Review): Promise<Mutator[]> {
    const { policy, binding } = one;
    const params = await paramsOf(one, review, this.#ports.store);
    if ("error" in params) {
      this.#fail(one, params.error, "Forbidden", params.isOfPolicy);
      return [];
    }
    return params.objects.map((object): Mutator => ({
      name: [policy, binding, object].map((of) => `${of?.metadata?.namespace ?? ""}/${of?.metadata?.name ?? ""}`).join(" "),
      isReinvoked: policy.spec?.reinvocationPolicy === "IfNeeded",
      mutate: (before) => this.#mutate(one, before, object),
    }));
  }

  async #mutate(one: Mutation, before: KubernetesObject, params: KubernetesObject | undefined): ReturnType<Mutator["mutate"]> {
    const { mutations = [], variables = [], matchConditions = [] } = one.policy.spec ?? {};
    const { namespace, verified, applyDefaults } = this.#ports;
    const settings = asksAuthorizer(one.policy) ? await verified() : this.#review.context.settings;
    const on = (object: KubernetesObject) => Expressions.of({ ...this.#review, object }, { params, namespace, settings });
    const met = matchConditions.length === 0 ? "met" : conditionsMet(await on(before), matchConditions);
    if (typeof met === "object") this.#fail(one, met.error, "Invalid");
    if (met !== "met") return undefined;
    let object = before;
    for (const mutation of mutations) {
      // Each sees what those before it made.
      const expressions = await on(object);
      expressions.define(variables);
      const mutated = applyMutation(mutation, this.#review.resource, object, expressions);
      if ("error" in mutated) this.#fail(one, mutated.error, "Invalid");
      else if (mutated.object !== object) {
        applyDefaults(mutated.object);
        if (!isEqual(mutated.object, object)) ({ object } = mutated);
      }
    }
    return { object, warnings: [] };
  }

  #fail({ policy, binding }: Mutation, why: string, reason: Failure["reason"], isOfPolicy: boolean = false): void {
    if (policy.spec?.failurePolicy === "Ignore") return;
    const [name, of] = [policy.metadata.name, binding.metadata.name];
    const who = isOfPolicy ? `policy ${JSON.stringify(name)}` : `policy '${name}' with binding '${of}'`;
    this.#failures.push({ message: `${who} denied request: ${why}`, reason });
  }
}
