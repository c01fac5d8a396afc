/** What PersistentVolumes and their claims show alike. */
import type { PersistentVolumeSpec } from "../../../protocol/kubernetes/generated/types.ts";
import type { StoredMeta } from "../../../protocol/kubernetes/object.ts";

const shortModes: Record<string, string> = { ReadWriteOnce: "RWO", ReadOnlyMany: "ROX", ReadWriteMany: "RWX", ReadWriteOncePod: "RWOP" };

/** `RWO,ROX`, each once, in upstream's order. */
export function accessModesText(modes: string[] | undefined): string {
  return Object.keys(shortModes).filter((mode) => modes?.includes(mode)).map((mode) => shortModes[mode]).join(",");
}

export const phaseText = (metadata: StoredMeta, phase: string | undefined): string =>
  metadata.deletionTimestamp === undefined ? (phase ?? "") : "Terminating";

/** The annotation is older than the field, and still wins. */
export function storageClassText(metadata: StoredMeta, spec: Pick<PersistentVolumeSpec, "storageClassName"> | undefined): string {
  return metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName ?? "";
}
