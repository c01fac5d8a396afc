/** EndpointSlice objects. */
import type { EndpointSlice } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const endpointSlices = defineResource<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  schema: "io.k8s.api.discovery.v1.EndpointSlice",
  hasGeneration: true,
});
