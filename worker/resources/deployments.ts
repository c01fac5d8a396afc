/** Deployment objects. */
import type { Deployment } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const deployments = defineResource<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  schema: "io.k8s.api.apps.v1.Deployment",
  hasGeneration: true,
});
