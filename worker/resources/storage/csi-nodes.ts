/** CSINodes: which storage drivers a node has. */
import type { CSINode } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { csiNodeErrors, csiNodeUpdateErrors } from "./storage-rules.ts";

export const csiNodes = defineResource<CSINode>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSINode",
  plural: "csinodes",
  schema: "io.k8s.api.storage.v1.CSINode",
  isNamespaced: false,
  needsResourceVersion: true,
  validate: csiNodeErrors,
  validateUpdate: csiNodeUpdateErrors,
  columns: [nameColumn, column<CSINode>("Drivers", "Number of drivers.", ({ spec }) => (spec.drivers ?? []).length, integer), ageColumn],
});
