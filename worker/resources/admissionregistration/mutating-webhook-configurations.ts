/** MutatingWebhookConfigurations. */
import type { MutatingWebhookConfiguration } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { defaultWebhooks, webhooksErrors } from "./webhook-rules.ts";

export const mutatingWebhookConfigurations = defineResource<MutatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  categories: ["api-extensions"],
  schema: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
  isNamespaced: false,
  hasGeneration: true,
  needsResourceVersion: true,
  applyDefaults({ webhooks }) {
    defaultWebhooks(webhooks);
    for (const webhook of webhooks ?? []) webhook.reinvocationPolicy ??= "Never";
  },
  validate: ({ webhooks }) => webhooksErrors(webhooks),
  columns: [
    nameColumn,
    column<MutatingWebhookConfiguration>("Webhooks", "Number of webhooks.", ({ webhooks }) => (webhooks ?? []).length, integer),
    ageColumn,
  ],
});
