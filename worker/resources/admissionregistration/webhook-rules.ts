/** Rules and defaults of both kinds of webhook configurations (pkg/apis/admissionregistration). */
import type { MutatingWebhook, ValidatingWebhook } from "../../../protocol/kubernetes/generated/types.ts";
import { labelSelectorErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { duplicatesAt, invalid, invalidFor, notSupported, required } from "../rules/field-errors.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors } from "../rules/names.ts";
import { webhookClientErrors } from "../rules/webhook-client-rules.ts";
import { defaultRules, failurePolicies, matchConditionsErrors, matchPolicies, ruleErrors } from "./match-rules.ts";

/** `reinvocationPolicy` has only the mutating one. */
type Webhook = ValidatingWebhook & Pick<MutatingWebhook, "reinvocationPolicy">;

/** Mutates. */
export function defaultWebhooks(webhooks: ValidatingWebhook[] | undefined): void {
  for (const webhook of webhooks ?? []) {
    webhook.failurePolicy ??= "Fail";
    webhook.matchPolicy ??= "Equivalent";
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= 443;
    defaultRules(webhook.rules);
  }
}

export function webhooksErrors(webhooks: Webhook[] | undefined): FieldError[] {
  const list = webhooks ?? [];
  const each = list.flatMap((webhook, at) => webhookErrors(`webhooks[${at}]`, webhook));
  return [...each, ...duplicatesAt(list, ({ name }) => name, (at) => `webhooks[${at}].name`)];
}

const sideEffects = ["None", "NoneOnDryRun"];
const reinvocationPolicies = ["IfNeeded", "Never"];

function webhookErrors(path: string, webhook: Webhook): FieldError[] {
  const { timeoutSeconds: timeout } = webhook;
  return [
    ...nameErrors(`${path}.name`, webhook.name),
    ...(webhook.rules ?? []).flatMap((rule, at) => ruleErrors(`${path}.rules[${at}]`, rule)),
    ...supported(`${path}.failurePolicy`, webhook.failurePolicy, failurePolicies),
    ...supported(`${path}.matchPolicy`, webhook.matchPolicy, matchPolicies),
    ...(webhook.sideEffects ? [] : [required(`${path}.sideEffects`, `must specify one of ${sideEffects.join(", ")}`)]),
    ...supported(`${path}.sideEffects`, webhook.sideEffects || undefined, sideEffects),
    ...(timeout !== undefined && (timeout < 1 || timeout > 30)
      ? [invalid(`${path}.timeoutSeconds`, timeout, "the timeout value must be between 1 and 30 seconds")]
      : []),
    ...labelSelectorErrors(`${path}.namespaceSelector`, webhook.namespaceSelector),
    ...labelSelectorErrors(`${path}.objectSelector`, webhook.objectSelector),
    ...supported(`${path}.reinvocationPolicy`, webhook.reinvocationPolicy, reinvocationPolicies),
    ...webhookClientErrors(`${path}.clientConfig`, webhook.clientConfig),
    ...matchConditionsErrors(`${path}.matchConditions`, webhook.matchConditions),
    ...reviewVersionsErrors(`${path}.admissionReviewVersions`, webhook.admissionReviewVersions ?? []),
  ];
}

function supported(path: string, value: string | undefined, values: string[]): FieldError[] {
  return value === undefined || values.includes(value) ? [] : [notSupported(path, value, values)];
}

function nameErrors(path: string, name: string): FieldError[] {
  if (!name) return [required(path)];
  const wrong = dns1123SubdomainErrors(name);
  if (wrong.length > 0) return [invalid(path, name, wrong.join(","))];
  return name.split(".").length < 3 ? [invalid(path, name, "should be a domain with at least three segments separated by dots")] : [];
}

const acceptedVersions = ["v1", "v1beta1"];

function reviewVersionsErrors(path: string, versions: string[]): FieldError[] {
  if (versions.length === 0) return [required(path, `must specify one of ${acceptedVersions.join(", ")}`)];
  const each = versions.flatMap((version, at) => {
    if (versions.indexOf(version) < at) return [invalid(`${path}[${at}]`, version, "duplicate version")];
    return invalidFor(`${path}[${at}]`, version, dns1035LabelErrors(version));
  });
  if (versions.some((version) => acceptedVersions.includes(version))) return each;
  return [...each, invalid(path, versions, `must include at least one of ${acceptedVersions.join(", ")}`)];
}
