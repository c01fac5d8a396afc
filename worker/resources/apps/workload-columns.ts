/** Columns of workloads' replica counts. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, column, containersColumn, imagesColumn, integer, nameColumn } from "../columns.ts";
import type { Column } from "../resource.ts";

type Workload = KubernetesObject & {
  spec?: { replicas?: number };
  status?: { replicas?: number; readyReplicas?: number; updatedReplicas?: number; availableReplicas?: number };
};

export const readyOfDesiredColumn: Column = column<Workload>(
  "Ready",
  "Ready pods of those desired.",
  ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
);

type Count = "replicas" | "readyReplicas" | "updatedReplicas" | "availableReplicas";

export function countColumn(name: string, description: string, count: Count): Column {
  return column<Workload>(name, description, ({ status }) => status?.[count] ?? 0, integer);
}

const desiredColumn: Column = column<Workload>("Desired", "Pods that there should be.", ({ spec }) => spec?.replicas ?? 0, integer);

/** Of a ReplicaSet, and of what was there before it; up to the selector, which the two write differently. */
export const replicaColumns: Column[] = [
  nameColumn,
  desiredColumn,
  countColumn("Current", "Pods that there are.", "replicas"),
  countColumn("Ready", "Pods that are ready.", "readyReplicas"),
  ageColumn,
  containersColumn,
  imagesColumn,
];
