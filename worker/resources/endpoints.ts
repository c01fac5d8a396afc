/** Endpoints objects. */
import type { Endpoints } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const endpoints = defineResource<Endpoints>({
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  schema: "io.k8s.api.core.v1.Endpoints",
});
