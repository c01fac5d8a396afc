/** ConfigMap objects. */
import type { ConfigMap } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const configMaps = defineResource<ConfigMap>({
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  schema: "io.k8s.api.core.v1.ConfigMap",
});
