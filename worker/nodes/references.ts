/** Which ConfigMaps and Secrets a pod cannot run without. */
import type { Container, Pod, Volume } from "../../protocol/kubernetes/generated/types.ts";
import type { ObjectKey } from "../storage/store.ts";

/** Keys (`secrets/ns/name`, `configmaps/ns/name`) of all that the pod's spec names, each once. */
export function referencesOf(pod: Pod): ObjectKey[] {
  const namespace = pod.metadata?.namespace ?? "";
  const names = new Set<string>();
  const spec = pod.spec;
  if (!spec) return [];
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) addEnvironment(container, names);
  for (const volume of spec.volumes ?? []) addVolume(volume, names);
  for (const secret of spec.imagePullSecrets ?? []) if (secret.name) names.add(`secrets/${secret.name}`);
  return [...names].map((name) => name.replace("/", `/${namespace}/`));
}

function addEnvironment(container: Container, names: Set<string>): void {
  for (const source of container.envFrom ?? []) {
    if (source.configMapRef?.name) names.add(`configmaps/${source.configMapRef.name}`);
    if (source.secretRef?.name) names.add(`secrets/${source.secretRef.name}`);
  }
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.configMapKeyRef?.name) names.add(`configmaps/${valueFrom.configMapKeyRef.name}`);
    if (valueFrom?.secretKeyRef?.name) names.add(`secrets/${valueFrom.secretKeyRef.name}`);
  }
}

function addVolume(volume: Volume, names: Set<string>): void {
  if (volume.configMap?.name) names.add(`configmaps/${volume.configMap.name}`);
  if (volume.secret?.secretName) names.add(`secrets/${volume.secret.secretName}`);
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap?.name) names.add(`configmaps/${source.configMap.name}`);
    if (source.secret?.name) names.add(`secrets/${source.secret.name}`);
  }
}
