/** The pod that a workload's template describes. */
import type { Pod, PodTemplateSpec } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { controllerReference } from "./owner-references.ts";

export function podFromTemplate(
  owner: Stored<KubernetesObject>,
  template: PodTemplateSpec | undefined,
  identity: { name: string; generateName?: string },
): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: identity.name,
      ...(identity.generateName === undefined ? {} : { generateName: identity.generateName }),
      namespace: owner.metadata.namespace ?? "",
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  };
}
