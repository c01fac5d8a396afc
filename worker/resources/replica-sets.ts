/** ReplicaSet objects. */
import type { ReplicaSet } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const replicaSets = defineResource<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  schema: "io.k8s.api.apps.v1.ReplicaSet",
  hasGeneration: true,
});
