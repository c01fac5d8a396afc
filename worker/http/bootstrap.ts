/**
 * What every cluster has from its first moment: four namespaces, two PriorityClasses, the ServiceCIDR and the Service
 * `kubernetes` with its endpoints, upstream's FlowSchemas and PriorityLevelConfigurations, an APIService for each group and version, and
 * the default roles and bindings.
 */
import type { Env } from "../env.ts";
import { apiEndpointPort } from "../../protocol/agent.ts";
import type { KubernetesObject } from "../../protocol/kubernetes/object.ts";
import { requestContext } from "../registry/context.ts";
import { planner } from "../registry/planner.ts";
import { dnsAddress, kubernetesAddress } from "../registry/service-range.ts";
import { writePlanned } from "../registry/writer.ts";
import { suggestedLevels, suggestedSchemas } from "../fairness/suggested.ts";
import { apiServices } from "../resources/apiregistration/api-services.ts";
import { endpoints } from "../resources/core/endpoints.ts";
import { namespaces } from "../resources/core/namespaces.ts";
import { endpointSlices } from "../resources/discovery/endpoint-slices.ts";
import { flowSchemas } from "../resources/flowcontrol/flow-schemas.ts";
import { priorityLevelConfigurations } from "../resources/flowcontrol/priority-level-configurations.ts";
import { serviceCidrs } from "../resources/networking/service-cidrs.ts";
import { priorityClasses } from "../resources/scheduling/priority-classes.ts";
import { resources } from "../resources/registry.ts";
import { objectKey, type Resource } from "../resources/resource.ts";
import { services } from "../resources/core/services.ts";
import type { Store } from "../storage/store.ts";
import { ensureDefaultPolicy } from "./bootstrap-policy.ts";
import { localApiServices } from "./discovery/api-services.ts";
import { noSettings } from "../settings/settings.ts";

const system = { name: "system:apiserver", groups: ["system:masters"] };
const names = ["default", "kube-system", "kube-public", "kube-node-lease"];
/** Once an isolate; who deletes one of these objects gets it back with the next. */
let isDone = false;

/** Cheap when it was done; safe to run side by side, since a create that lost finds the same object there. */
export async function ensureClusterObjects(env: Env, store: Store): Promise<void> {
  if (isDone) return;
  // The Service and its endpoints last: they need their namespace.
  await createMissing(env, store, namespaces, names.map((name) => ({ metadata: { name } })));
  await Promise.all([
    createMissing(env, store, priorityClasses, systemPriorities),
    createMissing(env, store, flowSchemas, suggestedSchemas),
    createMissing(env, store, priorityLevelConfigurations, suggestedLevels),
    createMissing(env, store, apiServices, localApiServices(resources)),
    createMissing(env, store, serviceCidrs, [{ metadata: { name: "kubernetes" }, spec: { cidrs: [env.SERVICE_CIDR] } }]),
  ]);
  await createMissing(env, store, services, [kubernetesService(env.SERVICE_CIDR)]);
  await Promise.all([
    createMissing(env, store, endpoints, [kubernetesEndpoints(env.SERVICE_CIDR)]),
    createMissing(env, store, endpointSlices, [kubernetesSlice(env.SERVICE_CIDR)]),
  ]);
  await ensureDefaultPolicy(env, store);
  isDone = true;
}

type Named = KubernetesObject & { metadata: { name: string; namespace?: string } };

async function createMissing(env: Env, store: Store, resource: Resource, objects: Named[]): Promise<void> {
  const keys = objects.map(({ metadata }) => objectKey(resource, metadata.namespace ?? "", metadata.name));
  const { items } = await store.getMany(keys);
  const missing = objects.filter((_, at) => items[at] === undefined);
  const context = requestContext(env, system, noSettings);
  const written = await writePlanned(store, missing.map((object) => planner.create(resource, structuredClone(object), context)));
  const failed = written.find(({ result }) => !result.ok && result.reason !== "exists");
  if (failed !== undefined) throw new Error(`bootstrap: ${JSON.stringify(failed.result)}`);
}

const systemPriorities: Named[] = [
  { metadata: { name: "system-cluster-critical" }, value: 2_000_000_000 },
  { metadata: { name: "system-node-critical" }, value: 2_000_001_000 },
];

/** It selects nothing: its endpoint is at an address that every node has, where its own agent answers. */
function kubernetesService(serviceCidr: string): Named {
  return {
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { component: "apiserver", provider: "kubernetes" },
    },
    spec: {
      type: "ClusterIP",
      clusterIP: kubernetesAddress(serviceCidr),
      ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: apiEndpointPort }],
    },
  };
}

const endpointPort = { name: "https", port: apiEndpointPort, protocol: "TCP" };

/** Nothing makes a slice of it: that stands beside it. */
function kubernetesEndpoints(serviceCidr: string): Named {
  const labels = { "endpointslice.kubernetes.io/skip-mirror": "true" };
  const subsets = [{ addresses: [{ ip: dnsAddress(serviceCidr) }], ports: [endpointPort] }];
  return { metadata: { name: "kubernetes", namespace: "default", labels }, subsets };
}

function kubernetesSlice(serviceCidr: string): Named {
  return {
    metadata: { name: "kubernetes", namespace: "default", labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [dnsAddress(serviceCidr)], conditions: { ready: true } }],
    ports: [endpointPort],
  };
}
