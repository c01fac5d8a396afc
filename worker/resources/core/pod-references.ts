/** The ConfigMaps and Secrets that a pod needs: its node may read exactly these. */
import type { Container, Pod, Volume } from "../../../protocol/kubernetes/generated/types.ts";
import type { ObjectKey } from "../../storage/store.ts";

/** Keys without doubles: `configmaps/ns/name`, `secrets/ns/name`. */
export function podReferences(pod: Pod): ObjectKey[] {
  const namespace = pod.metadata?.namespace ?? "";
  const { spec } = pod;
  if (spec === undefined) return [];
  const containers: Container[] = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  const names = [
    ...containers.flatMap(ofContainer),
    ...(spec.volumes ?? []).flatMap(ofVolume),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }) => secret(name)),
  ];
  return [...new Set(names)].map((name) => keyOf(name, namespace));
}

/** The term of pods that use a claim. */
export const claimTerm = (namespace: string, name: string): string => `claim:persistentvolumeclaims/${namespace}/${name}`;

/** Of the claims that a pod names, and of those that are made for it. */
export function claimTerms({ metadata, spec }: Pod): string[] {
  const names = (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata?.name ?? ""}-${name}`];
  });
  return names.map((name) => claimTerm(metadata?.namespace ?? "", name));
}

type Reference = `${"configmaps" | "secrets"}/${string}`;

const keyOf = (reference: Reference, namespace: string): ObjectKey => {
  const [resource = "", name = ""] = reference.split("/");
  return `${resource}/${namespace}/${name}`;
};

const configMap = (name: string | undefined): Reference[] => (name ? [`configmaps/${name}`] : []);
const secret = (name: string | undefined): Reference[] => (name ? [`secrets/${name}`] : []);

function ofContainer({ env = [], envFrom = [] }: Container): Reference[] {
  return [
    ...env.flatMap(({ valueFrom }) => [...configMap(valueFrom?.configMapKeyRef?.name), ...secret(valueFrom?.secretKeyRef?.name)]),
    ...envFrom.flatMap(({ configMapRef, secretRef }) => [...configMap(configMapRef?.name), ...secret(secretRef?.name)]),
  ];
}

function ofVolume(volume: Volume): Reference[] {
  const projected = volume.projected?.sources ?? [];
  return [
    ...configMap(volume.configMap?.name),
    ...secret(volume.secret?.secretName),
    ...projected.flatMap((source) => [...configMap(source.configMap?.name), ...secret(source.secret?.name)]),
  ];
}
