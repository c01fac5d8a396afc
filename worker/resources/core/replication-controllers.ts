/** ReplicationControllers: what ReplicaSets were before. */
import type { ReplicationController } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { replicaColumns } from "../apps/workload-columns.ts";
import { column, labelsText, wide } from "../columns.ts";
import { defineResource } from "../define.ts";
import type { FieldError } from "../resource.ts";
import { invalid, nonNegative, required } from "../rules/field-errors.ts";
import { podTemplateErrors } from "../rules/pod-rules.ts";
import { scaleStrategy, statusStrategy } from "../status-strategy.ts";
import { defaultPodSpec } from "./pod-defaults.ts";
import { hostnameWarnings, workloadWarnings } from "../warnings/workloads.ts";

export const replicationControllers = defineResource<ReplicationController>({
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  shortNames: ["rc"],
  categories: ["all"],
  schema: "io.k8s.api.core.v1.ReplicationController",
  hasGeneration: true,
  // As upstream: who does not say otherwise keeps the pods.
  defaultPropagation: "Orphan",
  applyDefaults(controller) {
    const { spec } = controller;
    const labels = spec?.template?.metadata?.labels;
    if (spec !== undefined && labels !== undefined) {
      spec.selector ??= labels;
      if (controller.metadata?.labels === undefined) controller.metadata = { ...controller.metadata, labels };
    }
    if (spec?.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
  },
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
  },
  validate: controllerErrors,
  warnings: (controller, previous) => [...hostnameWarnings("Pod names and hostnames", controller, previous), ...workloadWarnings("spec.template", controller.spec?.template, controller, previous)],
  subresources: { status: statusStrategy<ReplicationController>(), scale: scaleStrategy<ReplicationController>() },
  columns: [
    ...replicaColumns,
    column<ReplicationController>("Selector", "Which pods belong to the object.", ({ spec }) => labelsText(spec?.selector), wide),
  ],
  selectableFields: ({ status }) => ({ "status.replicas": String(status?.replicas ?? 0) }),
  selector: ({ spec }) => (spec?.selector === undefined ? undefined : { matchLabels: spec.selector }),
  isSettled,
});

function isSettled({ metadata, spec, status }: Stored<ReplicationController>): boolean {
  const desired = spec?.replicas ?? 1;
  return status?.observedGeneration === metadata.generation && status?.replicas === desired && (status.availableReplicas ?? 0) === desired;
}

function controllerErrors({ spec }: ReplicationController): FieldError[] {
  const { selector = {}, template } = spec ?? {};
  const labels = template?.metadata?.labels ?? {};
  const isMatching = Object.entries(selector).every(([key, value]) => labels[key] === value);
  return [
    ...nonNegative("spec.replicas", spec?.replicas),
    ...nonNegative("spec.minReadySeconds", spec?.minReadySeconds),
    ...(Object.keys(selector).length === 0 ? [required("spec.selector")] : []),
    ...(template === undefined ? [required("spec.template")] : podTemplateErrors("spec.template", template, "ReplicationController")),
    ...(template === undefined || isMatching ? [] : [invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")]),
  ];
}
