/** ConfigMaps. */
import type { ConfigMap } from "../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "./columns.ts";
import { defineResource } from "./define.ts";

const count = (map: object | undefined): number => Object.keys(map ?? {}).length;

export const configMaps = defineResource<ConfigMap>({
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  schema: "io.k8s.api.core.v1.ConfigMap",
  columns: [
    nameColumn,
    column<ConfigMap>("Data", "Number of entries.", ({ data, binaryData }) => count(data) + count(binaryData), integer),
    ageColumn,
  ],
});
