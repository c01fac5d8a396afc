/** PriorityLevelConfigurations: how many requests of a kind are served side by side. */
import type { PriorityLevelConfiguration, QueuingConfiguration } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { statusStrategy } from "../status-strategy.ts";
import { conditionTypesErrors, priorityLevelErrors } from "./flow-rules.ts";

export const priorityLevelConfigurations = defineResource<PriorityLevelConfiguration>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "PriorityLevelConfiguration",
  plural: "prioritylevelconfigurations",
  schema: "io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration",
  isNamespaced: false,
  hasGeneration: true,
  needsResourceVersion: true,
  applyDefaults({ spec }) {
    if (spec?.exempt !== undefined) spec.exempt = { nominalConcurrencyShares: 0, lendablePercent: 0, ...spec.exempt };
    if (spec?.limited === undefined) return;
    spec.limited = { nominalConcurrencyShares: 30, lendablePercent: 0, ...spec.limited };
    const queuing = spec.limited.limitResponse?.queuing;
    if (queuing !== undefined) defaultQueuing(queuing);
  },
  prepareForCreate(level) {
    level.status = {};
  },
  validate: priorityLevelErrors,
  subresources: { status: statusStrategy<PriorityLevelConfiguration>(conditionTypesErrors) },
  columns: [
    nameColumn,
    column<PriorityLevelConfiguration>("Type", "Limited or Exempt.", ({ spec }) => spec?.type ?? ""),
    column<PriorityLevelConfiguration>("NominalConcurrencyShares", "Its share of what the server does at once.", sharesText),
    queuingColumn("Queues", "Number of queues.", "queues"),
    queuingColumn("HandSize", "Queues that a flow may choose from.", "handSize"),
    queuingColumn("QueueLengthLimit", "Requests that may wait in a queue.", "queueLengthLimit"),
    ageColumn,
  ],
});

function defaultQueuing(queuing: QueuingConfiguration): void {
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

function sharesText({ spec }: PriorityLevelConfiguration): string | number {
  return (spec?.limited ?? spec?.exempt)?.nominalConcurrencyShares ?? "<none>";
}

function queuingColumn(name: string, description: string, field: keyof QueuingConfiguration) {
  return column<PriorityLevelConfiguration>(name, description, ({ spec }) => spec?.limited?.limitResponse?.queuing?.[field] ?? "<none>");
}
