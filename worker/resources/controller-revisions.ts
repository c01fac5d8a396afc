/** ControllerRevision objects. */
import type { ControllerRevision } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const controllerRevisions = defineResource<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  schema: "io.k8s.api.apps.v1.ControllerRevision",
});
