/** ResourceSlices: the devices that a driver has. */
import type { ResourceSlice } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { sliceErrors, sliceUpdateErrors } from "./device-rules.ts";

export const resourceSlices = defineResource<ResourceSlice>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceSlice",
  plural: "resourceslices",
  schema: "io.k8s.api.resource.v1.ResourceSlice",
  isNamespaced: false,
  hasGeneration: true,
  validate: sliceErrors,
  validateUpdate: sliceUpdateErrors,
  columns: [
    nameColumn,
    column<ResourceSlice>("Node", "The node that has them.", ({ spec }) => spec.nodeName ?? ""),
    column<ResourceSlice>("Driver", "The driver that has them.", ({ spec }) => spec.driver ?? ""),
    column<ResourceSlice>("Pool", "The pool that they belong to.", ({ spec }) => spec.pool?.name ?? ""),
    ageColumn,
  ],
  selectableFields: ({ spec }) => ({ "spec.nodeName": spec.nodeName ?? "", "spec.driver": spec.driver }),
});
