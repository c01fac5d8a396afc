/** RuntimeClasses: how a node runs a pod's containers. */
import type { RuntimeClass } from "../../../protocol/kubernetes/generated/types.ts";
import { quantity } from "../../../protocol/quantity.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { labelErrors } from "../label-selector.ts";
import type { FieldError } from "../resource.ts";
import { immutableField } from "../rules/data-rules.ts";
import { invalid, invalidFor } from "../rules/field-errors.ts";
import { dns1123LabelErrors, qualifiedNameErrors } from "../rules/names.ts";
import { tolerationErrors } from "../rules/scheduling-rules.ts";
import { labelWarnings } from "../warnings/node-labels.ts";

export const runtimeClasses = defineResource<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  schema: "io.k8s.api.node.v1.RuntimeClass",
  isNamespaced: false,
  needsResourceVersion: true,
  validate: classErrors,
  warnings: ({ scheduling }) => Object.keys(scheduling?.nodeSelector ?? {}).flatMap((label) => labelWarnings("scheduling.nodeSelector", label)),
  validateUpdate: (next, previous) => immutableField("handler", next.handler, previous.handler),
  columns: [nameColumn, column<RuntimeClass>("Handler", "What the node's runtime calls it.", ({ handler }) => handler), ageColumn],
});

function classErrors({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  return [
    ...invalidFor("handler", handler, dns1123LabelErrors(handler)),
    ...Object.entries(overhead?.podFixed ?? {}).flatMap(([name, value]) => [
      ...invalidFor("overhead.podFixed", name, qualifiedNameErrors(name)),
      ...(quantity(value).nano < 0n ? [invalid(`overhead.podFixed[${name}]`, value, "must be greater than or equal to 0")] : []),
    ]),
    ...labelErrors("scheduling.nodeSelector", scheduling?.nodeSelector),
    ...(scheduling?.tolerations ?? []).flatMap((toleration, at) => tolerationErrors(`scheduling.tolerations[${at}]`, toleration)),
  ];
}
