/** StorageObjectInUseProtection: claims and volumes are born with the finalizer that keeps them while they are used. */
import type { Plugin } from "./plugin.ts";

const finalizers: Record<string, string> = {
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
  persistentvolumes: "kubernetes.io/pv-protection",
};

export const storageObjectInUseProtection: Plugin = {
  name: "StorageObjectInUseProtection",
  resources: Object.keys(finalizers),
  mutate({ operation, resource, object }) {
    const finalizer = finalizers[resource.plural];
    if (operation !== "CREATE" || finalizer === undefined) return;
    const metadata = (object.metadata ??= {});
    const present = metadata.finalizers ?? [];
    if (!present.includes(finalizer)) metadata.finalizers = [...present, finalizer];
  },
};
