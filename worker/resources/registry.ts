/** The table of all kinds. Another kind: one file beside this one, one line here. */
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { configMaps } from "./config-maps.ts";
import { controllerRevisions } from "./controller-revisions.ts";
import { deployments } from "./deployments.ts";
import { endpointSlices } from "./endpoint-slices.ts";
import { endpoints } from "./endpoints.ts";
import { eventsOfGroup } from "./events-of-group.ts";
import { events } from "./events.ts";
import { leases } from "./leases.ts";
import { namespaces } from "./namespaces.ts";
import { nodes } from "./nodes.ts";
import { pods } from "./pods.ts";
import { priorityClasses } from "./priority-classes.ts";
import { replicaSets } from "./replica-sets.ts";
import { resourceKey, type Resource } from "./resource.ts";
import { secrets } from "./secrets.ts";
import { serviceAccounts } from "./service-accounts.ts";
import { services } from "./services.ts";
import { statefulSets } from "./stateful-sets.ts";

/** In the order in which discovery lists them. */
export const resources: readonly Resource[] = [
  configMaps,
  endpoints,
  events,
  namespaces,
  nodes,
  pods,
  secrets,
  serviceAccounts,
  services,
  controllerRevisions,
  deployments,
  replicaSets,
  statefulSets,
  leases,
  eventsOfGroup,
  endpointSlices,
  priorityClasses,
];

const byPath = new Map(resources.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]));
/** Kinds that are stored as themselves: what walks over all objects meets each once. */
export const storedResources: readonly Resource[] = resources.filter(({ conversion }) => conversion === undefined);

const byKey = new Map(storedResources.map((resource) => [resourceKey(resource), resource]));
const byKind = new Map(resources.map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource]));

/** `v1`, `apps/v1`. */
export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** The resource of a request path; group `""` is core. */
export function resourceFor(group: string, version: string, plural: string): Resource | undefined {
  return byPath.get(`${group}/${version}/${plural}`);
}

/** By the first part of an object key: `pods`, `deployments.apps`. */
export function resourceByKey(key: string): Resource | undefined {
  return byKey.get(key);
}

export function resourceByKind(apiVersion: string, kind: string): Resource | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}

/** The resource of an object that says its own kind. */
export function resourceOf(object: KubernetesObject): Resource | undefined {
  return resourceByKind(object.apiVersion ?? "", object.kind ?? "");
}
