/** ValidatingWebhookConfigurations. */
import type { ValidatingWebhookConfiguration } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { defaultWebhooks, webhooksErrors } from "./webhook-rules.ts";

export const validatingWebhookConfigurations = defineResource<ValidatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  categories: ["api-extensions"],
  schema: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
  isNamespaced: false,
  hasGeneration: true,
  needsResourceVersion: true,
  applyDefaults: ({ webhooks }) => defaultWebhooks(webhooks),
  validate: ({ webhooks }) => webhooksErrors(webhooks),
  columns: [
    nameColumn,
    column<ValidatingWebhookConfiguration>("Webhooks", "Number of webhooks.", ({ webhooks }) => (webhooks ?? []).length, integer),
    ageColumn,
  ],
});
