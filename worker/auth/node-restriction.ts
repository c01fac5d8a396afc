/** What a node may write into the objects that it may write (upstream's NodeRestriction admission). */
import type { AuthenticationTokenRequest as TokenRequest, Node, Pod, ResourceSlice } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { StatusError } from "../../protocol/status.ts";
import { refusedLabels } from "../nodes/node-restriction.ts";
import { isEqual } from "../../protocol/kubernetes/equal.ts";
import { resourceKey, type Resource } from "../resources/resource.ts";
import type { User } from "./user.ts";

/** A node is registered by its join, and pods are not made by nodes: what else it makes is its own. */
export function restrictCreate(user: User, resource: Resource, object: KubernetesObject): void {
  if (user.node === undefined) return;
  const isOwn = object.metadata?.name === user.node;
  switch (resourceKey(resource)) {
    case "leases.coordination.k8s.io":
      if (!isOwn) throw forbidden(user, resource, object, "can only create its own lease");
      return;
    case "csinodes.storage.k8s.io":
      if (!isOwn) throw forbidden(user, resource, object, "can only access CSINode with the same name as the requesting node");
      return;
    case "resourceslices.resource.k8s.io":
      if (nodeNameOf(object) === user.node) return;
      throw forbidden(user, resource, object, "can only create ResourceSlice with the same NodeName as the requesting node");
  }
}

function nodeNameOf({ spec }: Partial<ResourceSlice>): string | undefined {
  return spec?.nodeName;
}

export function restrictUpdate(user: User, resource: Resource, current: KubernetesObject, next: KubernetesObject): void {
  if (user.node === undefined) return;
  if (resourceKey(resource) === "nodes") restrictNode(user, resource, current, next);
  if (resourceKey(resource) === "pods") restrictPod(user, resource, current, next);
}

function restrictNode(user: User, resource: Resource, current: Node, next: Node): void {
  const labels = refusedLabels(current.metadata?.labels ?? {}, next.metadata?.labels ?? {});
  if (labels.length > 0) {
    throw forbidden(user, resource, current, `is not allowed to modify labels: ${labels.join(", ")}`);
  }
  if (!isEqual(current.spec?.taints ?? [], next.spec?.taints ?? [])) {
    throw forbidden(user, resource, current, "is not allowed to modify taints");
  }
  if (!isEqual(current.metadata?.ownerReferences ?? [], next.metadata?.ownerReferences ?? [])) {
    throw forbidden(user, resource, current, "is not allowed to modify ownerReferences");
  }
}

/** What others find a pod by, and what it was given, is for them to say. */
function restrictPod(user: User, resource: Resource, current: Pod, next: Pod): void {
  const isSame = (part: (pod: Pod) => unknown) => isEqual(part(current), part(next));
  if (current.spec?.nodeName !== user.node) {
    throw forbidden(user, resource, current, "can only update pod status for pods with spec.nodeName set to itself");
  }
  if (!isSame(({ metadata }) => metadata?.labels ?? {})) throw forbidden(user, resource, current, "cannot update labels through pod status");
  if (!isSame(({ status }) => status?.resourceClaimStatuses ?? [])) throw forbidden(user, resource, current, "cannot update resource claim statues");
  if (!isSame(({ status }) => status?.extendedResourceClaimStatus)) throw forbidden(user, resource, current, "cannot update extended resource claim status");
}

/** A node asks for tokens of its own pods only. */
export function restrictToken({ node }: User, { spec }: TokenRequest): void {
  if (node === undefined) return;
  const reference = spec?.boundObjectRef;
  const isPod = reference?.apiVersion === "v1" && reference.kind === "Pod" && Boolean(reference.name);
  if (!isPod) throw tokenRefused("node requested token not bound to a pod");
  if (!reference.uid) throw tokenRefused("node requested token with a pod binding without a uid");
}

/** `audiences` of the request are those of the pod's own volumes: a node makes up none. */
export function restrictTokenOf({ node }: User, pod: Pod, account: string, audiences: readonly string[] = []): void {
  if (node === undefined) return;
  if (pod.spec?.nodeName !== node) throw tokenRefused("node requested token bound to a pod scheduled on a different node", account);
  const sources = (pod.spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  const known = new Set(sources.flatMap(({ serviceAccountToken }) => serviceAccountToken?.audience ?? []));
  for (const audience of audiences) {
    if (!known.has(audience)) throw tokenRefused(`audience ${JSON.stringify(audience)} not found in pod spec volume, node is not authorized to request token for it`, account);
  }
}

const tokenRefused = (why: string, name = ""): StatusError => StatusError.forbidden({ group: "", kind: "serviceaccounts", name }, why);

function forbidden(user: User, resource: Resource, object: KubernetesObject, why: string): StatusError {
  const about = { group: resource.group, kind: resource.plural, name: object.metadata?.name ?? "" };
  return StatusError.forbidden(about, `node ${JSON.stringify(user.node)} ${why}`);
}
