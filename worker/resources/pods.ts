/** Pods. */
import type { Pod } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const pods = defineResource<Pod>({
  version: "v1",
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  schema: "io.k8s.api.core.v1.Pod",
  hasGeneration: true,
});
