/** DefaultStorageClass: a claim that says nothing of a class gets the newest of those that are marked as the default. */
import type { PersistentVolumeClaim, StorageClass } from "../../../protocol/kubernetes/generated/types.ts";
import { derived } from "../../settings/settings.ts";
import { newestDefault } from "./newest-default.ts";
import type { Plugin } from "./plugin.ts";

const classes = "storageclasses.storage.k8s.io";
const marks = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const legacyAnnotation = "volume.beta.kubernetes.io/storage-class";

const defaultClass = derived([classes], (settings) => newestDefault(settings.list<StorageClass>(classes), marks));

export const defaultStorageClass: Plugin = {
  name: "DefaultStorageClass",
  resources: ["persistentvolumeclaims"],
  mutate({ operation, object, context }) {
    const { spec, metadata } = object as PersistentVolumeClaim; // its shape is checked after this
    const isSaid = spec?.storageClassName !== undefined || metadata?.annotations?.[legacyAnnotation] !== undefined;
    if (operation !== "CREATE" || spec === undefined || isSaid) return;
    const name = defaultClass(context.settings);
    if (name !== undefined) spec.storageClassName = name;
  },
};
