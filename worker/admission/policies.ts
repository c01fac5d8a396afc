/**
 * ValidatingAdmissionPolicies: what their bindings bring to bear on a request.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
import type { MatchResources, ParamRef, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { requirementsOf } from "../../protocol/selectors.ts";
import { StatusError } from "../../protocol/status.ts";
import { objectOf } from "../registry/text.ts";
import { resourceByKind } from "../resources/custom/kinds.ts";
import { objectKey, resourceKey } from "../resources/resource.ts";
import { derived, type Settings } from "../settings/settings.ts";
import type { Store } from "../storage/store.ts";
import { conditionsMet, Expressions } from "./expressions.ts";
import { isExempt, isSelected, matchesRule } from "./matching.ts";
import type { Review } from "./request.ts";

const policies = "validatingadmissionpolicies.admissionregistration.k8s.io";
const bindings = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

/** A policy as one binding uses it. */
export interface Bound {
  policy: Stored<ValidatingAdmissionPolicy>;
  binding: Stored<ValidatingAdmissionPolicyBinding>;
}

/** One without a binding has no effect. */
const boundPolicies = derived([policies, bindings], (settings): Bound[] => {
  const known = new Map(settings.list<ValidatingAdmissionPolicy>(policies).map((policy) => [policy.metadata.name, policy]));
  return settings.list<ValidatingAdmissionPolicyBinding>(bindings).flatMap((binding) => {
    const policy = known.get(binding.spec?.policyName ?? "");
    return policy === undefined || policy.metadata.deletionTimestamp !== undefined ? [] : [{ policy, binding }];
  });
});

/** By their rules alone. */
export function concernedPolicies(settings: Settings, review: Review): Bound[] {
  if (isExempt(review)) return [];
  return boundPolicies(settings).filter(({ policy, binding }) =>
    isConcerned(policy.spec?.matchConstraints, review) && isConcerned(binding.spec?.matchResources, review));
}

function isConcerned(resources: MatchResources | undefined, review: Review): boolean {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy } = resources ?? {};
  const isNamed = (rules: typeof resourceRules) => rules.some((rule) => matchesRule(rule, review, matchPolicy));
  return (resourceRules.length === 0 || isNamed(resourceRules)) && !isNamed(excludeResourceRules);
}

export interface PolicyPorts {
  store: Pick<Store, "getMany" | "list">;
  namespace: KubernetesObject | undefined;
}

interface Finding {
  message: string;
  reason?: string;
}

/** Throws the first denial; returns what is only warned of. */
export async function enforcePolicies(bound: Bound[], review: Review, ports: PolicyPorts): Promise<string[]> {
  const warnings: string[] = [];
  let denied: StatusError | undefined;
  for (const one of bound) {
    if (!isSelectedBy(one, review, ports.namespace)) continue;
    const names = `ValidatingAdmissionPolicy '${one.policy.metadata.name}' with binding '${one.binding.metadata.name}'`;
    const actions = one.binding.spec?.validationActions ?? [];
    for (const { message, reason } of await findingsOf(one, review, ports)) {
      if (actions.includes("Deny")) denied ??= denial(review, `${names} denied request: ${message}`, reason);
      if (actions.includes("Warn")) warnings.push(`Validation failed for ${names}: ${message}`);
    }
  }
  if (denied !== undefined) throw denied;
  return warnings;
}

function isSelectedBy({ policy, binding }: Bound, review: Review, namespace: KubernetesObject | undefined): boolean {
  return [policy.spec?.matchConstraints, binding.spec?.matchResources].every((resources) => isSelected(resources ?? {}, review, namespace));
}

const codes: Record<string, number> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 };

function denial({ resource, object, old }: Review, why: string, reason: string = "Invalid"): StatusError {
  const about = { group: resource.group, kind: resource.plural, name: object.metadata?.name ?? old?.metadata.name ?? "" };
  const { message, details } = StatusError.forbidden(about, why, [{ message: why }]).status;
  return new StatusError({ code: codes[reason] ?? 422, reason, message: message ?? why, ...(details === undefined ? {} : { details }) });
}

async function findingsOf({ policy, binding }: Bound, review: Review, ports: PolicyPorts): Promise<Finding[]> {
  const params = await paramsOf(policy, binding.spec?.paramRef, review, ports);
  if ("error" in params) return failed(policy, params.error);
  const all = await Promise.all(params.objects.map(async (one) => {
    const expressions = await Expressions.of(review, { ...(one === undefined ? {} : { params: one }), namespace: ports.namespace });
    return judge(policy, expressions);
  }));
  return all.flat();
}

/** What cannot be decided is a finding, or nothing, as the policy's failure policy says. */
function failed({ spec }: ValidatingAdmissionPolicy, message: string): Finding[] {
  return spec?.failurePolicy === "Ignore" ? [] : [{ message }];
}

function judge(policy: ValidatingAdmissionPolicy, expressions: Expressions): Finding[] {
  const { matchConditions = [], variables = [], validations = [] } = policy.spec ?? {};
  const met = conditionsMet(expressions, matchConditions);
  if (typeof met === "object") return failed(policy, met.error);
  if (met === "unmet") return [];
  expressions.define(variables);
  return validations.flatMap((validation) => {
    const { expression, reason } = validation;
    const result = expressions.evaluate(expression);
    if ("error" in result) return failed(policy, `expression '${expression}' resulted in error: ${result.error}`);
    if (result.value === true) return [];
    return [{ message: messageOf(validation, expressions), ...(reason === undefined ? {} : { reason }) }];
  });
}

const longestMessage = 5 * 1024;

function messageOf({ expression, message, messageExpression }: { expression: string; message?: string; messageExpression?: string }, expressions: Expressions): string {
  const computed = messageExpression === undefined ? undefined : expressions.evaluate(messageExpression);
  const text = computed !== undefined && "value" in computed ? computed.value : undefined;
  if (typeof text === "string" && text.trim() !== "" && text.length <= longestMessage && !text.includes("\n")) return text.trim();
  return message?.trim() || `failed expression: ${expression.trim()}`;
}

type Params = { objects: (KubernetesObject | undefined)[] } | { error: string };

/** The objects that a binding refers to; the policy is judged with each. */
async function paramsOf(policy: ValidatingAdmissionPolicy, ref: ParamRef | undefined, review: Review, { store }: PolicyPorts): Promise<Params> {
  const kind = policy.spec?.paramKind;
  if (kind === undefined || ref === undefined) return { objects: [undefined] };
  const resource = resourceByKind(review.context.settings, kind.apiVersion ?? "", kind.kind ?? "");
  if (resource === undefined) return { error: `failed to configure policy: failed to find resource referenced by paramKind: '${kind.apiVersion}, Kind=${kind.kind}'` };
  const namespace = resource.isNamespaced ? (ref.namespace ?? namespaceOf(review)) : "";
  if (resource.isNamespaced && namespace === "") {
    return { error: "failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped resources" };
  }
  const found = ref.name !== undefined
    ? (await store.getMany([objectKey(resource, namespace, ref.name)])).items
    : await select(store, { resource: resourceKey(resource), namespace, labels: requirementsOf(ref.selector ?? {}) });
  const objects = found.flatMap((stored) => (stored === undefined ? [] : [objectOf(resource, stored)]));
  if (objects.length > 0) return { objects };
  if (ref.parameterNotFoundAction === "Allow") return { objects: [] };
  return { error: "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction" };
}

async function select(store: PolicyPorts["store"], { namespace, ...query }: { resource: string; namespace: string; labels: ReturnType<typeof requirementsOf> }) {
  const page = await store.list({ ...query, ...(namespace === "" ? {} : { namespace }) });
  return "expired" in page ? [] : page.items;
}

function namespaceOf({ resource, object, old }: Review): string {
  if (resource.group === "" && resource.plural === "namespaces") return object.metadata?.name ?? old?.metadata.name ?? "";
  return object.metadata?.namespace ?? old?.metadata.namespace ?? "";
}
