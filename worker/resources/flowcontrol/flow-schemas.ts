/** FlowSchemas: which requests belong together, and how important they are. */
import type { FlowSchema } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { statusStrategy } from "../status-strategy.ts";
import { conditionTypesErrors, flowSchemaErrors } from "./flow-rules.ts";

export const flowSchemas = defineResource<FlowSchema>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  plural: "flowschemas",
  schema: "io.k8s.api.flowcontrol.v1.FlowSchema",
  isNamespaced: false,
  hasGeneration: true,
  needsResourceVersion: true,
  applyDefaults({ spec }) {
    if (spec !== undefined) spec.matchingPrecedence ||= 1000;
  },
  prepareForCreate(schema) {
    schema.status = {};
  },
  validate: flowSchemaErrors,
  subresources: { status: statusStrategy<FlowSchema>(conditionTypesErrors) },
  columns: [
    nameColumn,
    column<FlowSchema>("PriorityLevel", "The level of its requests.", ({ spec }) => spec?.priorityLevelConfiguration?.name ?? ""),
    column<FlowSchema>("MatchingPrecedence", "Which schema decides: the lowest.", ({ spec }) => spec?.matchingPrecedence ?? 0),
    column<FlowSchema>("DistinguisherMethod", "What tells its flows apart.", ({ spec }) => spec?.distinguisherMethod?.type ?? "<none>"),
    ageColumn,
    column<FlowSchema>("MissingPL", "Whether its level is not there.", danglingText),
  ],
});

function danglingText({ status }: FlowSchema): string {
  return status?.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?";
}
