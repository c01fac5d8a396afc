/** The core Endpoints object of a Service: what EndpointSlices replaced, kept for those who still read it. */
import type { EndpointAddress, Endpoints, EndpointSubset, Service } from "../../../protocol/kubernetes/generated/types.ts";
import type { Stored } from "../../../protocol/kubernetes/object.ts";
import type { Action } from "../controller.ts";
import { isSame } from "../equality.ts";
import type { PortGroup, WeightedEndpoint } from "./port-groups.ts";

const managedByLabel = "endpoints.kubernetes.io/managed-by";
const managedBy = "endpoint-controller";
const headlessLabel = "service.kubernetes.io/headless";

export function isManagedEndpoints(endpoints: Endpoints | undefined): boolean {
  return endpoints?.metadata?.labels?.[managedByLabel] === managedBy;
}

/** Unlike a slice it does not show pods that are terminating, unless their Service publishes all of them. */
export function planEndpoints(service: Stored<Service>, groups: PortGroup[], existing: Stored<Endpoints> | undefined): Action[] {
  const subsets = groups.flatMap((group) => subsetOf(service, group) ?? []);
  const { name, namespace = "" } = service.metadata;
  const isHeadless = service.spec?.clusterIP === "None";
  const labels = { ...service.metadata.labels, [managedByLabel]: managedBy, ...(isHeadless ? { [headlessLabel]: "" } : {}) };
  if (existing === undefined) {
    return [{ type: "create", object: { apiVersion: "v1", kind: "Endpoints", metadata: { name, namespace, labels }, subsets } }];
  }
  const next: Stored<Endpoints> = { ...existing, metadata: { ...existing.metadata, labels }, subsets };
  return isSame(next, existing) ? [] : [{ type: "update", object: next }];
}

function subsetOf(service: Service, { ports, endpoints }: PortGroup): EndpointSubset | undefined {
  const isPublishingAll = service.spec?.publishNotReadyAddresses === true;
  const shown = endpoints.filter(({ endpoint }) => isPublishingAll || endpoint.conditions?.terminating !== true);
  const isReady = ({ endpoint }: WeightedEndpoint) => endpoint.conditions?.ready === true;
  const addresses = shown.filter(isReady).map(addressOf);
  const notReadyAddresses = shown.filter((each) => !isReady(each)).map(addressOf);
  if (shown.length === 0) return undefined;
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
    ports: ports.map(({ name, port = 0, protocol, appProtocol }) => ({
      ...(name === undefined || name === "" ? {} : { name }),
      port,
      ...(protocol === undefined ? {} : { protocol }),
      ...(appProtocol === undefined ? {} : { appProtocol }),
    })),
  };
}

function addressOf({ endpoint }: WeightedEndpoint): EndpointAddress {
  const { addresses, hostname, nodeName, targetRef } = endpoint;
  return {
    ip: addresses[0] ?? "",
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}

/** Endpoints that a user wrote for a Service without a selector, as slices show them. */
export function mirroredGroups({ subsets = [] }: Endpoints): PortGroup[] {
  return subsets.map(({ addresses = [], notReadyAddresses = [], ports = [] }) => ({
    addressType: [...addresses, ...notReadyAddresses].some(({ ip }) => ip.includes(":")) ? "IPv6" : "IPv4",
    ports: ports.map((port) => ({ ...port, name: port.name ?? "", protocol: port.protocol ?? "TCP" })),
    endpoints: [
      ...addresses.map((address) => mirrored(address, true)),
      ...notReadyAddresses.map((address) => mirrored(address, false)),
    ],
  }));
}

function mirrored({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): WeightedEndpoint {
  const endpoint = {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
  return { endpoint, weight: undefined };
}
