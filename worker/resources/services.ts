/** Service objects. */
import type { Service } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const services = defineResource<Service>({
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  schema: "io.k8s.api.core.v1.Service",
});
