/** The configured webhooks that a request concerns, asked in upstream's order. */
import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { derived, type Settings } from "../settings/settings.ts";
import { decodeChanged, withServerFields } from "./changed-object.ts";
import { isExempt, isSelected, matchesRule } from "./matching.ts";
import type { Mutated, Mutator, Stage } from "./mutators.ts";
import type { Review } from "./request.ts";
import { ask, type AskPorts, type Webhook } from "./webhook-review.ts";

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

export interface WebhookPorts extends AskPorts {
  namespace: KubernetesObject | undefined;
}

/** Those that mutate, by their place in the list: names may repeat between configurations. */
export class MutatingWebhooks implements Stage {
  readonly #webhooks: Webhook[];
  readonly #review: Review;
  readonly #ports: WebhookPorts;

  constructor(webhooks: Webhook[], review: Review, ports: WebhookPorts) {
    this.#webhooks = webhooks;
    this.#review = review;
    this.#ports = ports;
  }

  mutators(): Promise<Mutator[]> {
    return Promise.resolve(this.#webhooks.map((webhook, at): Mutator => ({
      name: String(at),
      isReinvoked: webhook.reinvocationPolicy === "IfNeeded",
      mutate: (object) => this.#mutate(webhook, object),
    })));
  }

  /** Each refuses by itself. */
  settle(): void {}

  async #mutate(webhook: Webhook, object: KubernetesObject): Promise<Mutated | undefined> {
    const now: Review = { ...this.#review, object };
    if (!isSelected(webhook, now, this.#ports.namespace)) return undefined;
    const { patched, warnings } = await ask(webhook, now, this.#ports);
    return { object: patched === undefined ? object : accepted(patched, now, webhook), warnings };
  }
}

function accepted(patched: KubernetesObject, { resource, object, as }: Review, { name }: Webhook): KubernetesObject {
  if (as !== undefined) return object;
  const decoded = decodeChanged(resource, patched);
  if (!decoded.ok) throw StatusError.internal(`admission webhook ${JSON.stringify(name)} made an object that cannot be decoded: ${decoded.message}`);
  return withServerFields(decoded.object, object);
}

/** All at once; the first denial in their order is the answer. */
export async function validateByWebhooks(webhooks: Webhook[], review: Review, ports: WebhookPorts): Promise<string[]> {
  const selected = webhooks.filter((webhook) => isSelected(webhook, review, ports.namespace));
  const outcomes = await Promise.allSettled(selected.map((webhook) => ask(webhook, review, ports)));
  return outcomes.flatMap((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value.warnings;
  });
}
