/**
 * ValidatingAdmissionPolicies: what their bindings bring to bear on a request.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import type { Settings } from "../settings/settings.ts";
import { Annotations } from "./audit-annotations.ts";
import { asksAuthorizer } from "./authorizer.ts";
import { boundPolicies, concernedBy, isSelectedBy, type Bound } from "./bound-policies.ts";
import { conditionsMet, Expressions } from "./expressions.ts";
import { paramsOf, type ParamStore } from "./params.ts";
import type { Review } from "./request.ts";

export type Validation = Bound<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;

const all = boundPolicies<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>(
  "validatingadmissionpolicies.admissionregistration.k8s.io",
  "validatingadmissionpolicybindings.admissionregistration.k8s.io",
);

export const concernedValidations = (settings: Settings, review: Review): Validation[] => concernedBy(all(settings), review);

export interface PolicyPorts {
  store: ParamStore;
  namespace: KubernetesObject | undefined;
  /** The settings as they are now. */
  verified(): Promise<Settings>;
}

/** What is wrong, and in which validation. */
interface Finding {
  at: number;
  message: string;
  reason?: string;
}

/** Throws the first denial; returns what is only warned of. */
export async function enforcePolicies(bound: Validation[], review: Review, ports: PolicyPorts): Promise<string[]> {
  const warnings: string[] = [];
  const annotations = new Annotations();
  let denied: StatusError | undefined;
  for (const one of bound) {
    if (!isSelectedBy(one, review, ports.namespace)) continue;
    const policy = `ValidatingAdmissionPolicy '${one.policy.metadata.name}'`;
    const names = `${policy} with binding '${one.binding.metadata.name}'`;
    const actions = one.binding.spec?.validationActions ?? [];
    const deny = (who: string, { message, reason }: Pick<Finding, "message" | "reason">) => {
      denied ??= denial(review, `${who} denied request: ${message}`, reason);
    };
    const { findings, failures, published } = await verdictOn(one, review, ports);
    for (const finding of findings) {
      if (actions.includes("Deny")) deny(names, finding);
      if (actions.includes("Audit")) annotations.addFailure(one, finding);
      if (actions.includes("Warn")) warnings.push(`Validation failed for ${names}: ${finding.message}`);
    }
    for (const failure of failures) deny(failure.isOfPolicy === true ? policy : names, failure);
    for (const { key, value } of published) annotations.add(`${one.policy.metadata.name}/${key}`, value);
  }
  annotations.publish(review.context);
  if (denied !== undefined) throw denied;
  return warnings;
}

const codes: Record<string, number> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 };

function denial({ resource, object, old }: Review, why: string, reason: string = "Invalid"): StatusError {
  const about = { group: resource.group, kind: resource.plural, name: object.metadata?.name ?? old?.metadata.name ?? "" };
  const { message, details } = StatusError.forbidden(about, why, [{ message: why }]).status;
  return new StatusError({ code: codes[reason] ?? 422, reason, message: message ?? why, ...(details === undefined ? {} : { details }) });
}

/** What denies whatever the binding does with findings: a broken configuration, or what shall be noted and cannot. */
interface Failure {
  message: string;
  /** Not the binding's fault. */
  isOfPolicy?: boolean;
}

interface Verdict {
  findings: Finding[];
  failures: Failure[];
  published: { key: string; value: string }[];
}

const nothing: Verdict = { findings: [], failures: [], published: [] };

async function verdictOn(one: Validation, review: Review, { store, namespace, verified }: PolicyPorts): Promise<Verdict> {
  const { policy } = one;
  const params = await paramsOf(one, review, store);
  if ("error" in params) return { ...nothing, failures: failed(policy, params.error).map((failure) => ({ ...failure, isOfPolicy: params.isOfPolicy })) };
  const settings = asksAuthorizer(policy) ? await verified() : review.context.settings;
  const verdicts = await Promise.all(params.objects.map(async (object) =>
    judge(policy, await Expressions.of(review, { params: object, namespace, settings }))));
  return {
    findings: verdicts.flatMap(({ findings }) => findings),
    failures: verdicts.flatMap(({ failures }) => failures),
    published: verdicts.flatMap(({ published }) => published),
  };
}

/** What cannot be decided is a finding, or nothing, as the policy's failure policy says. */
function failed({ spec }: ValidatingAdmissionPolicy, message: string, at: number = 0): Finding[] {
  return spec?.failurePolicy === "Ignore" ? [] : [{ message, at }];
}

function judge(policy: ValidatingAdmissionPolicy, expressions: Expressions): Verdict {
  const { matchConditions = [], variables = [], validations = [] } = policy.spec ?? {};
  const met = conditionsMet(expressions, matchConditions);
  if (typeof met === "object") return { ...nothing, findings: failed(policy, met.error) };
  if (met === "unmet") return nothing;
  expressions.define(variables);
  const findings = validations.flatMap((validation, at): Finding[] => {
    const { expression, reason } = validation;
    const result = expressions.evaluate(expression);
    if ("error" in result) return failed(policy, `expression '${expression}' resulted in error: ${result.error}`, at);
    if (result.value === true) return [];
    return [{ at, message: messageOf(validation, expressions), ...(reason === undefined ? {} : { reason }) }];
  });
  return { findings, ...notes(policy, expressions) };
}

const longestMessage = 5 * 1024;

function messageOf({ expression, message, messageExpression }: { expression: string; message?: string; messageExpression?: string }, expressions: Expressions): string {
  const computed = messageExpression === undefined ? undefined : expressions.evaluate(messageExpression);
  const text = computed !== undefined && "value" in computed ? computed.value : undefined;
  if (typeof text === "string" && text.trim() !== "" && text.length <= longestMessage && !text.includes("\n")) return text.trim();
  return message?.trim() || `failed expression: ${expression.trim()}`;
}

/** Null, and a text of nothing, note nothing. */
function notes(policy: ValidatingAdmissionPolicy, expressions: Expressions): Pick<Verdict, "failures" | "published"> {
  const failures: Failure[] = [];
  const published: Verdict["published"] = [];
  for (const { key, valueExpression: expression } of policy.spec?.auditAnnotations ?? []) {
    const result = expressions.evaluate(expression.trim());
    if ("error" in result) failures.push(...failed(policy, `expression '${expression}' resulted in error: ${result.error}`));
    else if (typeof result.value === "string") {
      const value = result.value.trim();
      if (value !== "") published.push({ key, value });
    } else if (result.value !== null) {
      const message = `valueExpression '${expression}' resulted in unsupported return type: ${typeof result.value}. Return type must be either string or null.`;
      failures.push({ message });
    }
  }
  return { failures, published };
}
