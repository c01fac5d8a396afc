/** ConfigMaps. */
import type { ConfigMap } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, integer, nameColumn } from "../columns.ts";
import { immutableErrors, keysErrors, sizeErrors } from "../rules/data-rules.ts";
import { invalid } from "../rules/field-errors.ts";
import { defineResource } from "../define.ts";

const count = (map: object | undefined): number => Object.keys(map ?? {}).length;

export const configMaps = defineResource<ConfigMap>({
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  schema: "io.k8s.api.core.v1.ConfigMap",
  validate: ({ data, binaryData }) => [
    ...keysErrors("data", data),
    ...keysErrors("binaryData", binaryData),
    ...Object.keys(data ?? {}).filter((key) => Object.hasOwn(binaryData ?? {}, key)).map((key) => invalid(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...sizeErrors("[]", data, binaryData),
  ],
  validateUpdate: (next, previous) => immutableErrors(next, previous, ["data", "binaryData"]),
  columns: [
    nameColumn,
    column<ConfigMap>("Data", "Number of entries.", ({ data, binaryData }) => count(data) + count(binaryData), integer),
    ageColumn,
  ],
});
