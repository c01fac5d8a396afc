/** CSIStorageCapacities: how much a driver has where. */
import type { CSIStorageCapacity } from "../../../protocol/kubernetes/generated/types.ts";
import { column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { immutableField } from "../rules/data-rules.ts";
import { storageCapacityErrors } from "./storage-rules.ts";

export const csiStorageCapacities = defineResource<CSIStorageCapacity>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  schema: "io.k8s.api.storage.v1.CSIStorageCapacity",
  needsResourceVersion: true,
  validate: storageCapacityErrors,
  validateUpdate: (next, previous) => [
    ...immutableField("nodeTopology", next.nodeTopology, previous.nodeTopology),
    ...immutableField("storageClassName", next.storageClassName, previous.storageClassName),
  ],
  columns: [
    nameColumn,
    column<CSIStorageCapacity>("StorageClassName", "The class of the volumes.", ({ storageClassName }) => storageClassName),
    column<CSIStorageCapacity>("Capacity", "How much there is.", ({ capacity }) => String(capacity ?? "<unset>")),
  ],
});
