/** DaemonSets. */
import type { DaemonSet } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, containersColumn, imagesColumn, integer, labelsText, nameColumn, selectorColumn } from "../columns.ts";
import { defaultPodSpec } from "../core/pod-defaults.ts";
import { defineResource } from "../define.ts";
import { indexSelector } from "../label-selector.ts";
import { statusStrategy } from "../status-strategy.ts";
import { daemonSetErrors } from "./daemon-set-rules.ts";
import { immutableSelector } from "./workload-rules.ts";
import { workloadWarnings } from "../warnings/workloads.ts";

type Count = "desiredNumberScheduled" | "currentNumberScheduled" | "numberReady" | "updatedNumberScheduled" | "numberAvailable";

const count = (name: string, description: string, field: Count) =>
  column<DaemonSet>(name, description, ({ status }) => status?.[field] ?? 0, integer);

export const daemonSets = defineResource<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  schema: "io.k8s.api.apps.v1.DaemonSet",
  hasGeneration: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.revisionHistoryLimit ??= 10;
    const strategy = (spec.updateStrategy ??= {});
    strategy.type ??= "RollingUpdate";
    if (strategy.type === "RollingUpdate") strategy.rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...strategy.rollingUpdate };
    if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
  },
  prepareForCreate(daemonSet) {
    daemonSet.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  },
  validate: daemonSetErrors,
  validateUpdate: immutableSelector,
  warnings: (daemonSet, previous) => workloadWarnings("spec.template", daemonSet.spec?.template, daemonSet, previous),
  subresources: { status: statusStrategy<DaemonSet>() },
  columns: [
    nameColumn,
    count("Desired", "Nodes that should run a pod.", "desiredNumberScheduled"),
    count("Current", "Nodes that have a pod.", "currentNumberScheduled"),
    count("Ready", "Pods that are ready.", "numberReady"),
    count("Up-to-date", "Pods of the current template.", "updatedNumberScheduled"),
    count("Available", "Pods that are ready for long enough.", "numberAvailable"),
    column<DaemonSet>("Node Selector", "Which nodes run a pod.", ({ spec }) => labelsText(spec?.template?.spec?.nodeSelector)),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
  selector: ({ spec }) => indexSelector(spec?.selector),
});
