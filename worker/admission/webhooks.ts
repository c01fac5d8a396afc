/** The configured webhooks that a request concerns, asked in upstream's order. */
import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from "../../protocol/kubernetes/generated/types.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { decode } from "../resources/decode.ts";
import { derived, type Settings } from "../settings/settings.ts";
import { isExempt, isSelected, matchesRule } from "./matching.ts";
import type { Review } from "./request.ts";
import { ask, type Webhook } from "./webhook-review.ts";

const mutatingConfigurations = "mutatingwebhookconfigurations.admissionregistration.k8s.io";
const validatingConfigurations = "validatingwebhookconfigurations.admissionregistration.k8s.io";

/** By the configurations' names, and within one as it lists them. */
const mutatingWebhooks = derived([mutatingConfigurations], (settings): Webhook[] =>
  settings.list<MutatingWebhookConfiguration>(mutatingConfigurations).flatMap(({ webhooks = [] }) => webhooks));
const validatingWebhooks = derived([validatingConfigurations], (settings): Webhook[] =>
  settings.list<ValidatingWebhookConfiguration>(validatingConfigurations).flatMap(({ webhooks = [] }) => webhooks));

export interface Concerned {
  mutating: Webhook[];
  validating: Webhook[];
}

/** By their rules alone: what selectors and conditions say depends on the object. */
export function concernedWebhooks(settings: Settings, review: Review): Concerned {
  const isConcerned = ({ rules = [], matchPolicy }: Webhook) => rules.some((rule) => matchesRule(rule, review, matchPolicy));
  if (isExempt(review)) return { mutating: [], validating: [] };
  return { mutating: mutatingWebhooks(settings).filter(isConcerned), validating: validatingWebhooks(settings).filter(isConcerned) };
}

export interface WebhookPorts {
  namespace: KubernetesObject | undefined;
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowed: string;
}

export interface Mutated {
  object: KubernetesObject;
  warnings: string[];
}

/**
 * One after the other, each on what those before made of the object. When all were asked, those who want it
 * (`IfNeeded`) are asked once more if others changed the object after them.
 */
export async function mutateByWebhooks(webhooks: Webhook[], review: Review, ports: WebhookPorts): Promise<Mutated> {
  const warnings: string[] = [];
  let { object } = review;
  const left = new Map<Webhook, KubernetesObject>();
  const askOne = async (webhook: Webhook) => {
    const now: Review = { ...review, object };
    if (!isSelected(webhook, now, ports.namespace)) return;
    const answer = await ask(webhook, now, ports.allowed);
    warnings.push(...answer.warnings);
    if (answer.patched !== undefined) object = accepted(answer.patched, now, webhook);
    left.set(webhook, object);
  };
  for (const webhook of webhooks) await askOne(webhook);
  const isOvertaken = (webhook: Webhook) => webhook.reinvocationPolicy === "IfNeeded" && left.has(webhook) && !isEqual(left.get(webhook), object);
  for (const webhook of webhooks.filter(isOvertaken)) await askOne(webhook);
  return { object, warnings };
}

/** A patched object must still be one of its kind, and what the server says of it stays. */
function accepted(patched: KubernetesObject, { resource, object, as }: Review, { name }: Webhook): KubernetesObject {
  if (as !== undefined) return object;
  const decoded = resource.custom === undefined ? decode<KubernetesObject>(resource.schema, patched) : resource.custom.decode(patched);
  if (!decoded.ok) throw StatusError.internal(`admission webhook ${JSON.stringify(name)} made an object that cannot be decoded: ${decoded.message}`);
  const { uid, namespace, creationTimestamp, resourceVersion, generation, name: given } = object.metadata ?? {};
  const kept = Object.entries({ name: given, namespace, uid, creationTimestamp, resourceVersion, generation }).filter(([, value]) => value !== undefined);
  return { ...decoded.object, metadata: { ...decoded.object.metadata, ...Object.fromEntries(kept) } };
}

/** All at once; the first denial in their order is the answer. */
export async function validateByWebhooks(webhooks: Webhook[], review: Review, ports: WebhookPorts): Promise<string[]> {
  const selected = webhooks.filter((webhook) => isSelected(webhook, review, ports.namespace));
  const outcomes = await Promise.allSettled(selected.map((webhook) => ask(webhook, review, ports.allowed)));
  return outcomes.flatMap((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value.warnings;
  });
}
