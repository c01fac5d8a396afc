/** From what the store tells to the picture. Pure; texts are parsed once and only what matters is kept. */
import type { Node, Pod, Service } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import { requirementsOf } from "../../protocol/selectors.ts";
import type { ChangeEvent, ObjectKey, StoredObject } from "../storage/store.ts";
import { nodeFactsOf } from "./node-info.ts";
import type { Picture } from "./picture.ts";
import { isWaiting, podInfoOf } from "./pod-info.ts";

/** What the picture is made of. */
export const observed = ["nodes", "pods", "services", "namespaces"] as const;

export interface Observation {
  picture: Picture;
  /** Texts of pods that wait for a node: what a binding is planned from. */
  waiting: Map<ObjectKey, StoredObject>;
}

export function observeEvent(observation: Observation, event: ChangeEvent): void {
  if (event.type === "DELETED") remove(observation, event.key);
  else observeObject(observation, event);
}

export function observeObject({ picture, waiting }: Observation, stored: StoredObject): void {
  const { key } = stored;
  const resource = key.slice(0, key.indexOf("/"));
  // Texts of these kinds are what their resources' validation let through.
  const object = JSON.parse(stored.text) as Stored<KubernetesObject>;
  switch (resource) {
    case "pods": {
      const pod = podInfoOf(key, object as Stored<Pod>);
      picture.setPod(pod);
      if (isWaiting(pod)) waiting.set(key, stored);
      else waiting.delete(key);
      return;
    }
    case "nodes":
      return picture.setNode(nodeFactsOf(object as Stored<Node>));
    case "services": {
      const { spec, metadata } = object as Stored<Service>;
      const labels = spec?.selector && Object.keys(spec.selector).length > 0 ? requirementsOf({ matchLabels: spec.selector }) : undefined;
      if (labels) picture.serviceSelectors.set(key, { namespace: metadata.namespace ?? "", labels });
      else picture.serviceSelectors.delete(key);
      return;
    }
    case "namespaces":
      picture.namespaceLabels.set(object.metadata.name, object.metadata.labels ?? {});
  }
}

function remove({ picture, waiting }: Observation, key: ObjectKey): void {
  const [resource = "", , name = ""] = key.split("/");
  waiting.delete(key);
  if (resource === "pods") picture.deletePod(key);
  if (resource === "nodes") picture.deleteNode(name);
  if (resource === "services") picture.serviceSelectors.delete(key);
  if (resource === "namespaces") picture.namespaceLabels.delete(name);
}
