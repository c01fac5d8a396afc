/** PriorityClasses: what the scheduler orders pods by. */
import type { PriorityClass } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { forbidden, oneOf } from "../rules/field-errors.ts";
import type { FieldError } from "../resource.ts";

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
  validate: priorityErrors,
  validateUpdate: (next, previous) => [
    ...(next.value === previous.value ? [] : [forbidden("value", "may not be changed in an update.")]),
    ...(next.preemptionPolicy === previous.preemptionPolicy ? [] : [forbidden("preemptionPolicy", "may not be changed in an update.")]),
  ],
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

const userLimit = 1_000_000_000;
/** Of the classes that the system itself may create. */
const systemValues: Record<string, number> = { "system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000 };

function priorityErrors({ metadata, value, preemptionPolicy }: PriorityClass): FieldError[] {
  const name = metadata?.name ?? "";
  const errors = oneOf("preemptionPolicy", preemptionPolicy, ["PreemptLowerPriority", "Never"]);
  if (systemValues[name] === value) return errors;
  if (name.startsWith("system-")) {
    errors.push(forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only"));
  } else if (value > userLimit) {
    errors.push(forbidden("value", `maximum allowed value of a user defined priority is ${userLimit}`));
  }
  return errors;
}
