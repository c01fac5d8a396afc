/** Node objects. */
import type { Node } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const nodes = defineResource<Node>({
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  schema: "io.k8s.api.core.v1.Node",
  isNamespaced: false,
});
