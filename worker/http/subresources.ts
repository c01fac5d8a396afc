/** The subresources that the API serves for a kind, for discovery and for dispatch. */
import { resourceKey, type Resource } from "../resources/resource.ts";

export interface Subresource {
  name: string;
  kind: { group: string; version: string; kind: string };
  verbs: string[];
}

const readWrite = ["get", "patch", "update"];
const core = (kind: string) => ({ group: "", version: "v1", kind });
const connect = ["create", "get"];

/** Those that are no part of the object itself. */
const own: Record<string, Subresource[]> = {
  pods: [
    { name: "attach", kind: core("PodAttachOptions"), verbs: connect },
    { name: "binding", kind: core("Binding"), verbs: ["create"] },
    { name: "eviction", kind: { group: "policy", version: "v1", kind: "Eviction" }, verbs: ["create"] },
    { name: "exec", kind: core("PodExecOptions"), verbs: connect },
    { name: "log", kind: core("Pod"), verbs: ["get"] },
    { name: "portforward", kind: core("PodPortForwardOptions"), verbs: connect },
  ],
  serviceaccounts: [{ name: "token", kind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" }, verbs: ["create"] }],
  namespaces: [
    { name: "finalize", kind: core("Namespace"), verbs: ["update"] },
    { name: "status", kind: core("Namespace"), verbs: readWrite },
  ],
};

const scale = { group: "autoscaling", version: "v1", kind: "Scale" };

export function subresourcesOf(resource: Resource): Subresource[] {
  const { group, version, kind } = resource;
  const found = [...(own[resourceKey(resource)] ?? [])];
  for (const name of Object.keys(resource.subresources)) {
    if (found.some((one) => one.name === name)) continue;
    found.push({ name, kind: name === "scale" ? scale : { group, version, kind }, verbs: readWrite });
  }
  return found.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
