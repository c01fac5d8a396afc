/** ReplicaSets. */
import type { ReplicaSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { selectorColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { required } from "../rules/field-errors.ts";
import { indexSelector } from "../label-selector.ts";
import { defaultPodSpec } from "../core/pod-defaults.ts";
import { scaleStrategy, statusStrategy } from "../status-strategy.ts";
import { immutableSelector, workloadErrors } from "./workload-rules.ts";
import { replicaColumns } from "./workload-columns.ts";
import { hostnameWarnings, workloadWarnings } from "../warnings/workloads.ts";

export const replicaSets = defineResource<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  schema: "io.k8s.api.apps.v1.ReplicaSet",
  hasGeneration: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
  },
  prepareForCreate(replicaSet) {
    replicaSet.status = { replicas: 0 };
  },
  validate: ({ spec }) => (spec === undefined ? [required("spec.selector")] : workloadErrors(spec, "ReplicaSet", "deployment")),
  validateUpdate: immutableSelector,
  warnings: (replicaSet, previous) => [...hostnameWarnings("Pod names and hostnames", replicaSet, previous), ...workloadWarnings("spec.template", replicaSet.spec?.template, replicaSet, previous)],
  subresources: { status: statusStrategy<ReplicaSet>(), scale: scaleStrategy<ReplicaSet>() },
  columns: [...replicaColumns, selectorColumn],
  selectableFields: ({ status }) => ({ "status.replicas": String(status?.replicas ?? 0) }),
  selector: ({ spec }) => indexSelector(spec?.selector),
  isSettled,
});

function isSettled({ metadata, spec, status }: Stored<ReplicaSet>): boolean {
  const desired = spec?.replicas ?? 0;
  const isSeen = status?.observedGeneration === metadata.generation;
  return isSeen && status?.replicas === desired && (status.availableReplicas ?? 0) === desired;
}
