/** StatefulSet objects. */
import type { StatefulSet } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const statefulSets = defineResource<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  schema: "io.k8s.api.apps.v1.StatefulSet",
  hasGeneration: true,
});
