/** Bindings: a pod goes to a node. A create binds the pod of its name, and is not kept. */
import type { Binding } from "../../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "../define.ts";

export const bindings = defineResource<Binding>({
  version: "v1",
  kind: "Binding",
  plural: "bindings",
  schema: "io.k8s.api.core.v1.Binding",
  isStored: false,
  verbs: ["create"],
});
