/** LimitRanges: what each object of a namespace may ask for, and gets when it asks for nothing. */
import type { LimitRange } from "../../../protocol/kubernetes/generated/types.ts";
import { createdAtColumn, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { defaultLimits, limitRangeErrors } from "./limit-range-rules.ts";

export const limitRanges = defineResource<LimitRange>({
  version: "v1",
  kind: "LimitRange",
  plural: "limitranges",
  shortNames: ["limits"],
  schema: "io.k8s.api.core.v1.LimitRange",
  isCreatedByUpdate: true,
  applyDefaults: ({ spec }) => spec?.limits?.forEach(defaultLimits),
  validate: limitRangeErrors,
  columns: [nameColumn, createdAtColumn],
});
