/** Deployments. */
import type { Deployment } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, containersColumn, imagesColumn, nameColumn, selectorColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { indexSelector } from "../label-selector.ts";
import { defaultPodSpec } from "../core/pod-defaults.ts";
import { deploymentErrors } from "./deployment-rules.ts";
import { scaleStrategy, statusStrategy } from "../status-strategy.ts";
import { immutableSelector } from "./workload-rules.ts";
import { countColumn, readyOfDesiredColumn } from "./workload-columns.ts";
import { hostnameWarnings, workloadWarnings } from "../warnings/workloads.ts";

export const deployments = defineResource<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  schema: "io.k8s.api.apps.v1.Deployment",
  hasGeneration: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    const strategy = (spec.strategy ??= {});
    strategy.type ??= "RollingUpdate";
    if (strategy.type === "RollingUpdate") {
      strategy.rollingUpdate = { maxSurge: "25%", maxUnavailable: "25%", ...strategy.rollingUpdate };
    }
    if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
  },
  prepareForCreate(deployment) {
    deployment.status = {};
  },
  validate: deploymentErrors,
  validateUpdate: immutableSelector,
  warnings: (deployment, previous) => [...hostnameWarnings("Pod names and hostnames", deployment, previous), ...workloadWarnings("spec.template", deployment.spec?.template, deployment, previous)],
  subresources: { status: statusStrategy<Deployment>(), scale: scaleStrategy<Deployment>() },
  columns: [
    nameColumn,
    readyOfDesiredColumn,
    countColumn("Up-to-date", "Pods of the current template.", "updatedReplicas"),
    countColumn("Available", "Pods that are ready for long enough.", "availableReplicas"),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
  selector: ({ spec }) => indexSelector(spec?.selector),
  isSettled,
});

/** Rolled out: every pod is of the current template and available, no old one is left. */
function isSettled({ metadata, spec, status = {} }: Stored<Deployment>): boolean {
  const isSeen = status.observedGeneration === metadata.generation;
  if (spec?.paused === true) return isSeen;
  const desired = spec?.replicas ?? 0;
  const counts = [status.replicas, status.updatedReplicas, status.availableReplicas];
  return isSeen && counts.every((count) => (count ?? 0) === desired);
}
