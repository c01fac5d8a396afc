/** Secret objects. */
import type { Secret } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const secrets = defineResource<Secret>({
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  schema: "io.k8s.api.core.v1.Secret",
});
