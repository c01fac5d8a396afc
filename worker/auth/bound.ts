/** Whether a pod that is bound to a node is, or uses, an object: what `ifBound` of ./node-authorizer.ts asks. */
import type { PersistentVolume, Pod, ResourceSlice, VolumeAttachment } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { objectOf } from "../registry/text.ts";
import { pods } from "../resources/core/pods.ts";
import { resourceByKey } from "../resources/registry.ts";
import type { Store } from "../storage/store.ts";
import type { ResourceAttributes } from "./attributes.ts";

type Reader = Pick<Store, "get" | "list">;

export async function isBound(store: Reader, node: string, attributes: ResourceAttributes): Promise<boolean> {
  const { resource, namespace, name } = attributes;
  switch (resource) {
    case "pods": {
      const stored = await store.get(`pods/${namespace}/${name}`);
      // A pod that is not there is answered with 404, as upstream's cache-less graph does for a kubelet.
      return stored === undefined || objectOf<Pod>(pods, stored).spec?.nodeName === node;
    }
    case "secrets":
    case "configmaps":
      return await isReferenced(store, node, attributes);
    case "persistentvolumeclaims":
      return await someOwnPod(store, node, namespace, (pod) => claimsOf(pod).includes(name));
    case "persistentvolumes":
      return await isVolumeUsed(store, node, name);
    case "serviceaccounts":
      return await someOwnPod(store, node, namespace, ({ spec }) => (spec?.serviceAccountName || "default") === name);
    case "resourceclaims":
      return await someOwnPod(store, node, namespace, (pod) => deviceClaimsOf(pod).includes(name));
    case "resourceslices":
      return (await read<ResourceSlice>(store, "resourceslices.resource.k8s.io", name))?.spec.nodeName === node;
    case "volumeattachments":
      return (await read<VolumeAttachment>(store, "volumeattachments.storage.k8s.io", name))?.spec.nodeName === node;
    default:
      return false;
  }
}

async function isReferenced(store: Reader, node: string, { resource, namespace, name }: ResourceAttributes): Promise<boolean> {
  const page = await store.list({
    resource: "pods",
    namespace,
    term: `ref:${resource}/${namespace}/${name}`,
    fields: [{ field: "spec.nodeName", operator: "=", value: node }],
    limit: 1,
  });
  return !("expired" in page) && page.items.length > 0;
}

async function someOwnPod(store: Reader, node: string, namespace: string, uses: (pod: Stored<Pod>) => boolean): Promise<boolean> {
  const page = await store.list({ resource: "pods", namespace, term: `node:${node}` });
  return !("expired" in page) && page.items.some((item) => uses(objectOf<Pod>(pods, item)));
}

async function isVolumeUsed(store: Reader, node: string, name: string): Promise<boolean> {
  const claim = (await read<PersistentVolume>(store, "persistentvolumes", name))?.spec?.claimRef;
  if (!claim?.name || !claim.namespace) return false;
  return await someOwnPod(store, node, claim.namespace, (pod) => claimsOf(pod).includes(claim.name ?? ""));
}

async function read<T extends KubernetesObject>(store: Reader, key: string, name: string): Promise<Stored<T> | undefined> {
  const resource = resourceByKey(key);
  const stored = await store.get(`${key}//${name}`);
  return resource === undefined || stored === undefined ? undefined : objectOf<T>(resource, stored);
}

/** An ephemeral volume's claim is named after pod and volume. */
function claimsOf({ metadata, spec }: Stored<Pod>): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) =>
    persistentVolumeClaim !== undefined ? [persistentVolumeClaim.claimName] : ephemeral !== undefined ? [`${metadata.name}-${name}`] : []);
}

function deviceClaimsOf({ status, spec }: Stored<Pod>): string[] {
  const generated = (status?.resourceClaimStatuses ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? []);
  return [...generated, ...(spec?.resourceClaims ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? [])];
}
