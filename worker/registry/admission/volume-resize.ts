/** PersistentVolumeClaimResize: only a bound claim whose class allows it may grow. */
import type { PersistentVolumeClaim, StorageClass } from "../../../protocol/kubernetes/generated/types.ts";
import { compareQuantities, quantity } from "../../../protocol/quantity.ts";
import { StatusError } from "../../../protocol/status.ts";
import { lookUp } from "./look-up.ts";
import type { Attributes, Plugin } from "./plugin.ts";

const classes = "storageclasses.storage.k8s.io";

export const volumeResize: Plugin = {
  name: "PersistentVolumeClaimResize",
  resources: ["persistentvolumeclaims"],
  needs: ({ object }) => (nameOf(object) === "" ? [] : [`${classes}//${nameOf(object)}`]),
  validate(attributes) {
    const { operation, subresource, object, old, context } = attributes;
    if (operation !== "UPDATE" || subresource !== "" || !isGrowing(object, old)) return [];
    const claim: PersistentVolumeClaim = object;
    if ((old as PersistentVolumeClaim).status?.phase !== "Bound") throw forbidden(attributes, "Only bound persistent volume claims can be expanded");
    const found = nameOf(claim) === "" ? undefined : lookUp<StorageClass>(context, `${classes}//${nameOf(claim)}`);
    if (found?.allowVolumeExpansion === true) return [];
    throw forbidden(attributes, "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
  },
};

const nameOf = ({ spec }: PersistentVolumeClaim): string => spec?.storageClassName ?? "";
const sizeOf = ({ spec }: PersistentVolumeClaim) => spec?.resources?.requests?.["storage"];

function isGrowing(claim: PersistentVolumeClaim, old: PersistentVolumeClaim | undefined): boolean {
  const [next, before] = [sizeOf(claim), old === undefined ? undefined : sizeOf(old)];
  return next !== undefined && before !== undefined && compareQuantities(quantity(next), quantity(before)) > 0;
}

function forbidden({ object }: Attributes, why: string): StatusError {
  return StatusError.forbidden({ group: "", kind: "persistentvolumeclaims", name: object.metadata?.name ?? "" }, why);
}
