/** PriorityClasses: what the scheduler orders pods by. */
import type { PriorityClass } from "../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "./columns.ts";
import { defineResource } from "./define.ts";

export const priorityClasses = defineResource<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  schema: "io.k8s.api.scheduling.v1.PriorityClass",
  isNamespaced: false,
  hasGeneration: true,
  applyDefaults(priorityClass) {
    priorityClass.preemptionPolicy ??= "PreemptLowerPriority";
  },
  columns: [
    nameColumn,
    column<PriorityClass>("Value", "The priority itself.", ({ value }) => value, integer),
    column<PriorityClass>("Global-Default", "Whether pods without a class get it.", ({ globalDefault }) => globalDefault ?? false, {
      type: "boolean",
    }),
    ageColumn,
    column<PriorityClass>("PreemptionPolicy", "Whether its pods may preempt others.", ({ preemptionPolicy }) => preemptionPolicy ?? ""),
  ],
});
