/** PersistentVolumes. */
import type { PersistentVolume } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn, wide } from "../columns.ts";
import { defineResource } from "../define.ts";
import type { SubresourceStrategy } from "../resource.ts";
import { statusStrategy } from "../status-strategy.ts";
import { persistentVolumeWarnings } from "../warnings/persistent-volumes.ts";
import { accessModesText, phaseText, storageClassText } from "./volume-columns.ts";
import { persistentVolumeErrors, persistentVolumeUpdateErrors } from "./volume-object-rules.ts";

export const persistentVolumes = defineResource<PersistentVolume>({
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  schema: "io.k8s.api.core.v1.PersistentVolume",
  isNamespaced: false,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.persistentVolumeReclaimPolicy ??= "Retain";
    spec.volumeMode ??= "Filesystem";
    if (spec.hostPath !== undefined) spec.hostPath.type ??= "";
  },
  prepareForCreate(volume, { now }) {
    volume.status = { phase: "Pending", lastPhaseTransitionTime: timeOf(now) };
  },
  validate: persistentVolumeErrors,
  validateUpdate: persistentVolumeUpdateErrors,
  warnings: persistentVolumeWarnings,
  subresources: { status: volumeStatus() },
  columns: [
    nameColumn,
    column<PersistentVolume>("Capacity", "Its size.", ({ spec }) => String(spec?.capacity?.["storage"] ?? "0")),
    column<PersistentVolume>("Access Modes", "How it may be mounted.", ({ spec }) => accessModesText(spec?.accessModes)),
    column<PersistentVolume>("Reclaim Policy", "What becomes of it after its claim.", ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ""),
    column<PersistentVolume>("Status", "Available, Bound, Released or Failed.", ({ metadata, status }) => phaseText(metadata, status?.phase)),
    column<PersistentVolume>("Claim", "Whose it is.", claimText),
    column<PersistentVolume>("StorageClass", "Its class.", ({ metadata, spec }) => storageClassText(metadata, spec)),
    column<PersistentVolume>("VolumeAttributesClass", "The class of its attributes.", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>"),
    column<PersistentVolume>("Reason", "Why it failed.", ({ status }) => status?.reason ?? ""),
    ageColumn,
    column<PersistentVolume>("VolumeMode", "Filesystem or Block.", ({ spec }) => spec?.volumeMode ?? "<unset>", wide),
  ],
  selectableFields: ({ metadata }) => ({ name: metadata?.name ?? "" }),
});

const timeOf = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

function claimText({ spec }: PersistentVolume): string {
  const { claimRef } = spec ?? {};
  return claimRef === undefined ? "" : `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}`;
}

/** The time of the last change of phase is kept here, unless whoever writes the phase says it. */
function volumeStatus(): SubresourceStrategy<PersistentVolume> {
  const common = statusStrategy<PersistentVolume>();
  return {
    ...common,
    prepareForUpdate(next, previous, context) {
      common.prepareForUpdate(next, previous, context);
      const { phase, lastPhaseTransitionTime: time } = previous.status ?? {};
      if (next.status === undefined || next.status.phase === phase) return;
      const isSaid = next.status.lastPhaseTransitionTime !== undefined && next.status.lastPhaseTransitionTime !== time;
      if (!isSaid) next.status.lastPhaseTransitionTime = timeOf(context.now);
    },
  };
}
