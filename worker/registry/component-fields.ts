/** The managed fields of what kedge's own components made, as they would be had they been kept all along. */
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { emptySet } from "../fields/field-set.ts";
import { sorted, type ManagerEntry } from "../fields/managers.ts";
import { shapeOfType } from "../fields/shape.ts";
import { track, type Writer } from "../fields/track.ts";
import { resourceKey, type Resource } from "../resources/resource.ts";
import { typeSchema } from "../resources/schema.ts";
import { apiVersionOf } from "./text.ts";

const controllers = "kube-controller-manager";
const kubelet = "kubelet";

/** The component that a user of kedge's own stands for, by the name that its writes carry upstream. */
export function componentOf(userName: string): string {
  if (userName === "system:kube-scheduler") return "kube-scheduler";
  return userName.startsWith("system:node") ? kubelet : controllers;
}

/** Kinds whose objects only components make, by who does. */
const makers: Record<string, string> = {
  nodes: kubelet,
  endpoints: controllers,
  "endpointslices.discovery.k8s.io": controllers,
  "controllerrevisions.apps": controllers,
};

/** None for what a client made before anything was tracked, or whose entries a client reset. */
export function componentEntries(resource: Resource, object: Stored<KubernetesObject>): ManagerEntry[] {
  const key = resourceKey(resource);
  const isControlled = object.metadata.ownerReferences?.some(({ controller }) => controller === true) === true;
  const maker = makers[key] ?? (isControlled ? controllers : undefined);
  if (maker === undefined) return [];
  const { status, ...own } = object;
  const writer = (manager: string): Writer => ({
    manager,
    operation: "Update",
    apiVersion: apiVersionOf(resource),
    time: object.metadata.creationTimestamp,
    unwritable: emptySet,
  });
  const shape = shapeOfType((resource.custom?.types ?? typeSchema)(resource.schema), resource.custom?.types);
  const made = track(shape, [], { before: {}, after: own }, writer(maker));
  const reporter = key === "pods" ? kubelet : maker;
  const reported = track(shape, [], { before: {}, after: { status } }, { ...writer(reporter), subresource: "status" });
  return sorted([...made, ...reported]);
}
