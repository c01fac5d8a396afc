/** PriorityClass objects. */
import type { PriorityClass } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const priorityClasses = defineResource<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  schema: "io.k8s.api.scheduling.v1.PriorityClass",
  hasGeneration: true,
  isNamespaced: false,
});
