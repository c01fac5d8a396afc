/** PersistentVolumeClaims. */
import type { PersistentVolumeClaim } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn, wide } from "../columns.ts";
import { defineResource } from "../define.ts";
import { claimUses } from "./quota-uses.ts";
import { statusStrategy } from "../status-strategy.ts";
import { classAnnotationWarnings } from "../warnings/persistent-volumes.ts";
import { claimWarnings } from "../warnings/volumes.ts";
import { accessModesText, phaseText, storageClassText } from "./volume-columns.ts";
import { claimErrors, claimUpdateErrors } from "./volume-object-rules.ts";

export const persistentVolumeClaims = defineResource<PersistentVolumeClaim>({
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  schema: "io.k8s.api.core.v1.PersistentVolumeClaim",
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.volumeMode ??= "Filesystem";
    alignDataSources(spec);
  },
  prepareForCreate(claim) {
    claim.status = { phase: "Pending" };
  },
  validate: claimErrors,
  validateUpdate: claimUpdateErrors,
  warnings: ({ metadata, spec }) => [...classAnnotationWarnings(metadata), ...claimWarnings("spec", spec)],
  subresources: { status: statusStrategy<PersistentVolumeClaim>() },
  columns: [
    nameColumn,
    column<PersistentVolumeClaim>("Status", "Pending, Bound or Lost.", ({ metadata, status }) => phaseText(metadata, status?.phase)),
    column<PersistentVolumeClaim>("Volume", "The volume that it has.", ({ spec }) => spec?.volumeName ?? ""),
    column<PersistentVolumeClaim>("Capacity", "Its size.", ({ spec, status }) => (spec?.volumeName ? String(status?.capacity?.["storage"] ?? "0") : "")),
    column<PersistentVolumeClaim>("Access Modes", "How it may be mounted.", ({ spec, status }) => (spec?.volumeName ? accessModesText(status?.accessModes) : "")),
    column<PersistentVolumeClaim>("StorageClass", "The class that it asks for.", ({ metadata, spec }) => storageClassText(metadata, spec)),
    column<PersistentVolumeClaim>("VolumeAttributesClass", "The class of its attributes.", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>"),
    ageColumn,
    column<PersistentVolumeClaim>("VolumeMode", "Filesystem or Block.", ({ spec }) => spec?.volumeMode ?? "<unset>", wide),
  ],
  uses: claimUses,
  selectableFields: ({ metadata }) => ({ name: metadata?.name ?? "" }),
});

/** The newer field says what the older one says, and the other way round, within one namespace. Mutates. */
function alignDataSources(spec: NonNullable<PersistentVolumeClaim["spec"]>): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) spec.dataSourceRef = { ...dataSource };
  else if (dataSource === undefined && dataSourceRef !== undefined && !dataSourceRef.namespace) spec.dataSource = { ...dataSourceRef };
}
