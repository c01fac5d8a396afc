/** What of a volume has a newer word. */
import type { ObjectMeta, PersistentVolume } from "../../../protocol/kubernetes/generated/types.ts";
import { fractionWarnings } from "./fractions.ts";
import { termWarnings } from "./node-labels.ts";
import { departedSource } from "./volumes.ts";

const [classAnnotation, optionsAnnotation] = ["volume.beta.kubernetes.io/storage-class", "volume.beta.kubernetes.io/mount-options"];

/** Of a claim, too. */
export function classAnnotationWarnings(metadata: ObjectMeta | undefined): string[] {
  return annotationWarnings(metadata, classAnnotation, 'deprecated since v1.8; use "storageClassName" attribute instead');
}

export function persistentVolumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const isRecycled = spec?.persistentVolumeReclaimPolicy === "Recycle";
  const recycled = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
  return [
    ...terms.flatMap((term, at) => termWarnings(`spec.nodeAffinity.required.nodeSelectorTerms[${at}]`, term)),
    ...classAnnotationWarnings(metadata),
    ...annotationWarnings(metadata, optionsAnnotation, 'deprecated since v1.31; use "mountOptions" attribute instead'),
    ...(isRecycled ? [`spec.persistentVolumeReclaimPolicy: ${recycled}`] : []),
    ...departedSource("spec", (spec ?? {}) as Parameters<typeof departedSource>[1]),
    ...fractionWarnings("spec.capacity", spec?.capacity, ["storage"]),
  ];
}

function annotationWarnings(metadata: ObjectMeta | undefined, key: string, what: string): string[] {
  return Object.hasOwn(metadata?.annotations ?? {}, key) ? [`metadata.annotations[${key}]: ${what}`] : [];
}
