/** `PartialObjectMetadata`: an object's metadata and nothing else. */
import type { KubernetesObject } from "../../../protocol/kubernetes/object.ts";

export function partialMetadata({ metadata }: KubernetesObject): object {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}
