/** VolumeAttributesClasses: attributes of volumes that can change while they are in use. */
import { isEqual } from "../../../protocol/kubernetes/equal.ts";
import type { VolumeAttributesClass } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { driverNameErrors } from "../core/volume-object-rules.ts";
import { defineResource } from "../define.ts";
import { forbidden, required } from "../rules/field-errors.ts";

export const volumeAttributesClasses = defineResource<VolumeAttributesClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  shortNames: ["vac"],
  schema: "io.k8s.api.storage.v1.VolumeAttributesClass",
  isNamespaced: false,
  validate: ({ driverName, parameters }) => [
    ...driverNameErrors("driverName", driverName),
    ...(Object.keys(parameters ?? {}).length === 0 ? [required("parameters", "must contain at least one key/value pair")] : []),
  ],
  validateUpdate: (next, previous) => [
    ...(next.driverName === previous.driverName ? [] : [forbidden("driverName", "updates to driverName are forbidden.")]),
    ...(isEqual(next.parameters, previous.parameters) ? [] : [forbidden("parameters", "updates to parameters are forbidden.")]),
  ],
  columns: [nameColumn, column<VolumeAttributesClass>("DriverName", "The driver that knows them.", ({ driverName }) => driverName), ageColumn],
});
