/** Columns of workloads' replica counts. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";
import { column, integer } from "../columns.ts";
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

export const desiredColumn: Column = column<Workload>("Desired", "Pods that there should be.", ({ spec }) => spec?.replicas ?? 0, integer);
