/** CSIDrivers: what a driver of the Container Storage Interface wants to be given. */
import type { CSIDriver } from "../../../protocol/kubernetes/generated/types.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defineResource } from "../define.ts";
import { csiDriverErrors, csiDriverUpdateErrors } from "./storage-rules.ts";

const boolean = { type: "boolean" as const };

export const csiDrivers = defineResource<CSIDriver>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIDriver",
  plural: "csidrivers",
  schema: "io.k8s.api.storage.v1.CSIDriver",
  isNamespaced: false,
  needsResourceVersion: true,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    spec.volumeLifecycleModes ??= ["Persistent"];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  validate: csiDriverErrors,
  validateUpdate: csiDriverUpdateErrors,
  columns: [
    nameColumn,
    column<CSIDriver>("AttachRequired", "Whether its volumes are attached first.", ({ spec }) => spec.attachRequired ?? true, boolean),
    column<CSIDriver>("PodInfoOnMount", "Whether it is told which pod mounts.", ({ spec }) => spec.podInfoOnMount ?? false, boolean),
    column<CSIDriver>("StorageCapacity", "Whether it says how much it has.", ({ spec }) => spec.storageCapacity ?? false, boolean),
    column<CSIDriver>("TokenRequests", "The audiences of the tokens that it gets.", tokensText),
    column<CSIDriver>("RequiresRepublish", "Whether it is called again and again.", ({ spec }) => spec.requiresRepublish ?? false, boolean),
    column<CSIDriver>("Modes", "The lives that its volumes may have.", ({ spec }) => (spec.volumeLifecycleModes ?? []).join(",") || "<none>"),
    ageColumn,
  ],
});

function tokensText({ spec }: CSIDriver): string {
  return (spec.tokenRequests ?? []).map(({ audience }) => audience).join(",") || "<unset>";
}
