/** StatefulSets. */
import type { StatefulSet } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, containersColumn, imagesColumn, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { indexSelector } from "../label-selector.ts";
import { defaultPodSpec } from "../core/pod-defaults.ts";
import { scaleStrategy, statusStrategy } from "../status-strategy.ts";
import { statefulSetErrors, statefulSetUpdateErrors } from "./stateful-set-rules.ts";
import { readyOfDesiredColumn } from "./workload-columns.ts";
import { claimWarnings } from "../warnings/volumes.ts";
import { workloadWarnings } from "../warnings/workloads.ts";

export const statefulSets = defineResource<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  schema: "io.k8s.api.apps.v1.StatefulSet",
  hasGeneration: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    spec.podManagementPolicy ??= "OrderedReady";
    spec.revisionHistoryLimit ??= 10;
    spec.persistentVolumeClaimRetentionPolicy = {
      whenDeleted: "Retain",
      whenScaled: "Retain",
      ...spec.persistentVolumeClaimRetentionPolicy,
    };
    const strategy = (spec.updateStrategy ??= {});
    strategy.type ??= "RollingUpdate";
    if (strategy.type === "RollingUpdate") strategy.rollingUpdate = { partition: 0, ...strategy.rollingUpdate };
    if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
  },
  prepareForCreate(statefulSet) {
    statefulSet.status = { replicas: 0, availableReplicas: 0 };
  },
  validate: statefulSetErrors,
  validateUpdate: statefulSetUpdateErrors,
  warnings: statefulSetWarnings,
  subresources: { status: statusStrategy<StatefulSet>(), scale: scaleStrategy<StatefulSet>() },
  columns: [nameColumn, readyOfDesiredColumn, ageColumn, containersColumn, imagesColumn],
  selector: ({ spec }) => indexSelector(spec?.selector),
  isSettled,
});

/** Every pod is there and available, and as far as the strategy goes by itself, of the update revision. */
function isSettled({ metadata, spec, status }: Stored<StatefulSet>): boolean {
  if (status === undefined || status.observedGeneration !== metadata.generation) return false;
  const desired = spec?.replicas ?? 0;
  if (status.replicas !== desired || (status.availableReplicas ?? 0) !== desired) return false;
  if (spec?.updateStrategy?.type === "OnDelete" || status.currentRevision === status.updateRevision) return true;
  return (status.updatedReplicas ?? 0) >= desired - (spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
}

function statefulSetWarnings(statefulSet: StatefulSet, previous?: StatefulSet): string[] {
  const { volumeClaimTemplates = [], revisionHistoryLimit = 0, template } = statefulSet.spec ?? {};
  const isUnchanged = previous !== undefined && previous.metadata?.generation === statefulSet.metadata?.generation;
  const ofClaims = isUnchanged ? [] : volumeClaimTemplates.flatMap(({ spec }, at) => claimWarnings(`spec.volumeClaimTemplates[${at}]`, spec));
  const keepsAll = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";
  return [...workloadWarnings("spec.template", template, statefulSet, previous), ...ofClaims, ...(revisionHistoryLimit < 0 ? [keepsAll] : [])];
}
