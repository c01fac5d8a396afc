/** StorageClasses: how volumes are made for claims. */
import type { StorageClass } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import { ageColumn, column } from "../columns.ts";
import { defineResource } from "../define.ts";
import { labelWarnings } from "../warnings/node-labels.ts";
import { storageClassErrors, storageClassUpdateErrors } from "./storage-rules.ts";

export const storageClasses = defineResource<StorageClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  schema: "io.k8s.api.storage.v1.StorageClass",
  isNamespaced: false,
  applyDefaults(storageClass) {
    storageClass.reclaimPolicy ??= "Delete";
    storageClass.volumeBindingMode ??= "Immediate";
  },
  validate: storageClassErrors,
  validateUpdate: storageClassUpdateErrors,
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, at) =>
      matchLabelExpressions.flatMap(({ key }, nth) => labelWarnings(`allowedTopologies[${at}].matchLabelExpressions[${nth}].key`, key)),
    ),
  columns: [
    column<StorageClass>("Name", "The class's name, and whether it is the default.", nameText, { format: "name" }),
    column<StorageClass>("Provisioner", "Who makes the volumes.", ({ provisioner }) => provisioner),
    column<StorageClass>("ReclaimPolicy", "What becomes of a volume after its claim.", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete"),
    column<StorageClass>("VolumeBindingMode", "When a volume is made.", ({ volumeBindingMode }) => volumeBindingMode ?? "<unset>"),
    column<StorageClass>("AllowVolumeExpansion", "Whether claims may grow.", ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
    ageColumn,
  ],
});

const defaultAnnotations = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

function nameText({ metadata }: Stored<StorageClass>): string {
  const isDefault = defaultAnnotations.some((key) => metadata.annotations?.[key] === "true");
  return isDefault ? `${metadata.name} (default)` : metadata.name;
}
